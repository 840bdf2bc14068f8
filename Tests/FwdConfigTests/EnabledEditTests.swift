import FwdCore
import Testing

@testable import FwdConfig

private let gateway = "gateway:\n  host: h\n"

@Suite struct EnabledEditTests {
    @Test(arguments: [
        // The short form becomes the long one on its own line.
        Edit(
            "\(gateway)forwards:\n  db: -L 1:b:2 # own\n  a: -L 3:b:2\n",
            "\(gateway)forwards:\n  db: {spec: -L 1:b:2, enabled: false} # own\n  a: -L 3:b:2\n"),
        Edit("\(gateway)forwards:\n  db: -L 1:b:2", "\(gateway)forwards:\n  db: {spec: -L 1:b:2, enabled: false}"),
        Edit(
            "\(gateway)forwards:\r\n  'db': \"-L [::1]:1:b:2\"\r\n",
            "\(gateway)forwards:\r\n  'db': {spec: '-L [::1]:1:b:2', enabled: false}\r\n"),
        Edit(
            "\(gateway)forwards:\n  db: >-\n    -L 1:b:2\n\n  a: -L 3:b:2\n",
            "\(gateway)forwards:\n  db: {spec: -L 1:b:2, enabled: false}\n\n  a: -L 3:b:2\n"),
        Edit(
            "\(gateway)forwards: {db: -L 1:b:2, a: -L 3:b:2}\n",
            "\(gateway)forwards: {db: {spec: -L 1:b:2, enabled: false}, a: -L 3:b:2}\n"),
        Edit(
            "{\"gateway\": {\"host\": \"h\"}, \"forwards\": {\"db\": \"-L 1:b:2\"}}",
            "{\"gateway\": {\"host\": \"h\"}, \"forwards\": {\"db\": {\"spec\": \"-L 1:b:2\", \"enabled\": false}}}"),
        // The long form says it already, or gets another line.
        Edit(
            "\(gateway)forwards:\n  db:\n    spec: -L 1:b:2\n    # why\n    enabled: yes # c\n    hold: 1s\n"
                .replacing("yes", with: "true"),
            "\(gateway)forwards:\n  db:\n    spec: -L 1:b:2\n    # why\n    enabled: false # c\n    hold: 1s\n"),
        Edit(
            "\(gateway)forwards:\n  db:\n    spec: -L 1:b:2\n    hold: 1s # h\n\n# end\n",
            "\(gateway)forwards:\n  db:\n    spec: -L 1:b:2\n    hold: 1s # h\n    enabled: false\n\n# end\n"),
        Edit(
            "\(gateway)forwards:\n  db: { spec: -L 1:b:2, hold: 1s }\n",
            "\(gateway)forwards:\n  db: { spec: -L 1:b:2, hold: 1s, enabled: false }\n"),
    ])
    func disablingKeepsTheRuleAndAllOtherBytes(edit: Edit) throws {
        let before = try file(edit.before)
        let disabled = try before.setting(forward: "db", enabled: false)
        #expect(Array(disabled.text.utf8) == Array(edit.after.utf8))
        let enabled = try disabled.setting(forward: "db", enabled: true)
        #expect(enabled.configuration == before.configuration)
        #expect(enabled.text == edit.after.replacing("false", with: "true"))
    }

    @Test func whatIsSoAlreadyIsLeftAlone() throws {
        let text = "\(gateway)forwards:\n  db: -L 1:b:2\n"
        #expect(try file(text).setting(forward: "db", enabled: true).text == text)
    }

    @Test func aForwardThatWouldListenWhereAnotherDoesStaysDisabled() throws {
        let file = try file("\(gateway)forwards:\n  a: -L 1:b:2\n  db: {spec: -L 1:c:3, enabled: false}\n")
        let error = try #require(throws: ConfigError.self) { try file.setting(forward: "db", enabled: true) }
        #expect(error.code == .listenConflict)
        #expect(error.message == "\"db\" of work.yaml listens on localhost:1, where \"a\" listens already")
    }

    @Test func anUnknownNameIsRefusedWithASuggestion() throws {
        let file = try file("\(gateway)forwards:\n  mail: -L 1:b:2\n")
        let error = try #require(throws: ConfigError.self) { try file.setting(forward: "mial", enabled: false) }
        #expect(error.message == "work.yaml has no forward \"mial\", did you mean \"mail\"?")
    }

    private func file(_ text: String) throws -> ForwardsFile {
        try ForwardsFile(gateway: "work", path: "work.yaml", text: text)
    }
}
