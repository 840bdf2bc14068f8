import FwdCore
import Testing

@Suite struct NamesTests {
    @Test(arguments: ["a", "db-1", "_x", "9", "t2.example.org", String(repeating: "n", count: 64)])
    func goodNames(name: String) {
        #expect(ForwardsName.problem(with: name) == nil)
    }

    @Test(arguments: [
        ("", "a name must not be empty"), (".x", "a name must not start with \".\""),
        ("-x", "a name must not start with \"-\""),
        (String(repeating: "n", count: 65), "a name has at most 64 characters"),
        ("a/b", "\"/\" is not allowed in a name; use letters, digits, \".\", \"_\" and \"-\""),
        ("é", "\"é\" is not allowed in a name; use letters, digits, \".\", \"_\" and \"-\""),
        ("a\n", "\"\\n\" is not allowed in a name; use letters, digits, \".\", \"_\" and \"-\""),
    ])
    func badNames(name: String, problem: String) {
        #expect(ForwardsName.problem(with: name) == problem)
    }

    @Test func anIDReadsAsItIsWritten() {
        let id = ForwardID(gateway: "work", forward: "db")
        #expect(id.description == "work/db")
        #expect(ForwardID("work/db") == id)
    }

    @Test(arguments: ["", "work", "work/", "/db", "a/b/c", "a b/c"])
    func whatIsNoIDIsRefused(text: String) {
        #expect(ForwardID(text) == nil)
    }

    @Test func idsAreOrderedByGatewayFirst() {
        let ids = ["b/a", "a/z", "a/b"].compactMap { ForwardID($0) }
        #expect(ids.sorted().map(\.description) == ["a/b", "a/z", "b/a"])
    }
}
