import FwdCore
import Testing

@testable import FwdConfig

@Suite struct ViaTests {
    /// Files of gateways with one forward each; `via` where it is given.
    private func directory(_ routes: KeyValuePairs<String, String?>) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for (index, (name, via)) in routes.enumerated() {
            let line = via.map { "  via: \($0)\n" } ?? ""
            try directory.write(
                "gateway:\n  host: h\n  host-key: \(pin)\n\(line)forwards: {a: -L \(index + 1):b:2}\n", "\(name).yaml")
        }
        return directory
    }

    private func messages(_ contents: ForwardsDirectory.Contents, in directory: TemporaryDirectory) -> [String] {
        contents.diagnostics.map { $0.description.replacing("\(directory.path)/", with: "") }
    }

    @Test func aGatewayIsReachedThroughAnotherOne() throws {
        let directory = try directory(["a": "b", "b": "c", "c": nil, "d": "b"])
        let contents = try directory.forwards.load()
        #expect(contents.diagnostics == [])
        #expect(
            contents.gateways.mapValues(\.route) == ["a": .via("b"), "b": .via("c"), "c": .direct(), "d": .via("b")])
    }

    @Test(arguments: [
        ("amsterdm", "expected the name of another gateway of this directory; did you mean \"amsterdam\"?"),
        ("cairo", "expected the name of another gateway of this directory"),
        ("work", "expected another gateway than this one"),
    ])
    func anUnknownGatewayIsRefused(via: String, expected: String) throws {
        let directory = try directory(["amsterdam": nil, "work": via])
        let contents = try directory.forwards.load()
        #expect(
            messages(contents, in: directory) == ["work.yaml:4:8: error: gateway.via: read \"\(via)\", \(expected)"])
        #expect(contents.refused == ["work"])
    }

    @Test func everyFileOfACycleIsRefusedAndNoOther() throws {
        let directory = try directory(["a": "b", "b": "c", "c": "a", "d": "a", "e": nil])
        let contents = try directory.forwards.load()
        #expect(contents.refused == ["a", "b", "c"])
        #expect(contents.gateways.keys.sorted() == ["d", "e"])
        let back = "4:8: error: gateway.via: the way leads back to this gateway:"
        #expect(
            messages(contents, in: directory) == [
                "a.yaml:\(back) a -> b -> c -> a", "b.yaml:\(back) b -> c -> a -> b", "c.yaml:\(back) c -> a -> b -> c",
                "d.yaml:4:8: warning: gateway.via: the file of \"a\" has errors; "
                    + "without that gateway this one cannot come up",
            ])
    }

    @Test func aCycleIsFoundThroughAFileWithOtherErrors() throws {
        let directory = try directory(["a": "b", "b": "a"])
        try directory.write("gateway:\n  host: h\n  port: x\n  via: a\n", "b.yaml")
        let contents = try directory.forwards.load()
        #expect(contents.refused == ["a", "b"])
        #expect(contents.diagnostics.errors.count == 3)
    }

    @Test func aRefusedFileOnTheWayGivesAWarning() throws {
        let directory = try directory(["a": "b"])
        try directory.write("gateway: {hots: h}\n", "b.yaml")
        let contents = try directory.forwards.load()
        #expect(contents.gateways.keys.sorted() == ["a"])
        #expect(
            contents.diagnostics.warnings.map(\.message) == [
                "gateway.via: the file of \"b\" has errors; without that gateway this one cannot come up"
            ])
    }

    @Test(arguments: [true, false]) func aGatewayForOthersNeedsNoForwards(isUsed: Bool) throws {
        let directory = try directory(["a": isUsed ? "jump" : nil])
        try directory.write("gateway: {host: h, host-key: \(pin)}\n", "jump.yaml")
        let messages = try directory.forwards.load().diagnostics.map(\.message)
        #expect(messages == (isUsed ? [] : ["forwards: none, nothing will be carried"]))
    }

    @Test func whatAnEditWouldBreakIsNotWritten() throws {
        let directory = try directory(["a": "b", "b": nil])
        let before = try directory.read("b.yaml")
        for via in ["a", "b", "nowhere"] {
            let error = try #require(throws: ConfigError.self) {
                try directory.forwards.write("gateway: {host: h, via: \(via)}\n", gateway: "b")
            }
            #expect(error.code == .invalidFile)
            #expect(error.diagnostics.count >= 1)
        }
        #expect(try directory.read("b.yaml") == before)
    }
}
