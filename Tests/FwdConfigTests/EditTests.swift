import FwdCore
import Testing

@testable import FwdConfig

/// A file before and after an edit, to the byte.
struct Edit: Sendable, CustomTestStringConvertible {
    let before: String
    let after: String

    init(_ before: String, _ after: String) {
        self.before = before
        self.after = after
    }

    var testDescription: String { "\(before.debugDescription) -> \(after.debugDescription)" }
}

private let gateway = "gateway:\n  host: h\n"

@Suite struct EditTests {
    @Test(arguments: [
        Edit("\(gateway)forwards:\n  a: -L 1:b:2\n", "\(gateway)forwards:\n  a: -L 1:b:2\n  db: -L 5432:db:5432\n"),
        // The file's own line breaks, indentation and end.
        Edit("\(gateway)forwards:\n  a: -L 1:b:2", "\(gateway)forwards:\n  a: -L 1:b:2\n  db: -L 5432:db:5432"),
        Edit(
            "gateway:\r\n  host: h\r\nforwards:\r\n     a: -L 1:b:2\r\n",
            "gateway:\r\n  host: h\r\nforwards:\r\n     a: -L 1:b:2\r\n     db: -L 5432:db:5432\r\n"),
        Edit(
            "gateway: {host: h}\rforwards:\r a: -L 1:b:2\r",
            "gateway: {host: h}\rforwards:\r a: -L 1:b:2\r db: -L 5432:db:5432\r"),
        Edit(
            "\u{FEFF}\(gateway)forwards:\n  a: -L 1:b:2\n",
            "\u{FEFF}\(gateway)forwards:\n  a: -L 1:b:2\n  db: -L 5432:db:5432\n"),
        // Comments stay where they are.
        Edit(
            "# é\n\(gateway)forwards: # f\n  a: -L 1:b:2 # a\n  # below\n\n# end\n",
            "# é\n\(gateway)forwards: # f\n  a: -L 1:b:2 # a\n  db: -L 5432:db:5432\n  # below\n\n# end\n"),
        Edit(
            "forwards:\n  a: -L 1:b:2\n\n\(gateway)",
            "forwards:\n  a: -L 1:b:2\n  db: -L 5432:db:5432\n\n\(gateway)"),
        // After values of several lines.
        Edit(
            "\(gateway)forwards:\n  a:\n    spec: -L 1:b:2\n    # why\n    hold: 1s\n\n",
            "\(gateway)forwards:\n  a:\n    spec: -L 1:b:2\n    # why\n    hold: 1s\n  db: -L 5432:db:5432\n\n"),
        Edit(
            "\(gateway)forwards:\n  a: -L\n    1:b:2\n",
            "\(gateway)forwards:\n  a: -L\n    1:b:2\n  db: -L 5432:db:5432\n"),
        Edit(
            "\(gateway)forwards:\n  'a': \"-L\n  1:b:2\"\n",
            "\(gateway)forwards:\n  'a': \"-L\n  1:b:2\"\n  db: -L 5432:db:5432\n"),
        Edit(
            "\(gateway)forwards:\n  a: >-\n    -L 1:b:2\n\n",
            "\(gateway)forwards:\n  a: >-\n    -L 1:b:2\n  db: -L 5432:db:5432\n\n"),
        Edit(
            "\(gateway)forwards:\n  a: { spec: -L 1:b:2,\nhold: 1s }\n",
            "\(gateway)forwards:\n  a: { spec: -L 1:b:2,\nhold: 1s }\n  db: -L 5432:db:5432\n"),
        // No forwards yet.
        Edit("\(gateway)forwards:\n", "\(gateway)forwards:\n  db: -L 5432:db:5432\n"),
        Edit("\(gateway)forwards:", "\(gateway)forwards:\n  db: -L 5432:db:5432"),
        Edit("\(gateway)'forwards' : # c\n  # d\n", "\(gateway)'forwards' : # c\n  db: -L 5432:db:5432\n  # d\n"),
        Edit("gateway:\n    host: h\nforwards:\n", "gateway:\n    host: h\nforwards:\n    db: -L 5432:db:5432\n"),
        Edit(gateway, "\(gateway)forwards:\n  db: -L 5432:db:5432\n"),
        Edit("gateway:\n   host: h", "gateway:\n   host: h\nforwards:\n   db: -L 5432:db:5432"),
        Edit("\(gateway)# end\n\n", "\(gateway)# end\nforwards:\n  db: -L 5432:db:5432\n\n"),
        Edit("gateway: {host: h}\n", "gateway: {host: h}\nforwards:\n  db: -L 5432:db:5432\n"),
        // Flow style.
        Edit("\(gateway)forwards: {}\n", "\(gateway)forwards: {db: -L 5432:db:5432}\n"),
        Edit(
            "\(gateway)forwards: { a: -L 1:b:2 } # c\n",
            "\(gateway)forwards: { a: -L 1:b:2, db: -L 5432:db:5432 } # c\n"),
        Edit("\(gateway)forwards: {a: -L 1:b:2,}\n", "\(gateway)forwards: {a: -L 1:b:2, db: -L 5432:db:5432,}\n"),
        Edit(
            "\(gateway)forwards: {\n  a: {spec: -L 1:b:2} # a\n  }\n",
            "\(gateway)forwards: {\n  a: {spec: -L 1:b:2}, # a\n  db: -L 5432:db:5432\n  }\n"),
        Edit(
            "\(gateway)forwards: {\n  a: '-L 1:b:2', # a\n  }\n",
            "\(gateway)forwards: {\n  a: '-L 1:b:2', # a\n  db: -L 5432:db:5432,\n  }\n"),
        Edit("{gateway: {host: h}, forwards: }", "{gateway: {host: h}, forwards: {db: -L 5432:db:5432} }"),
        Edit(
            "{\"gateway\": {\"host\": \"h\", \"host-key\": []}}",
            "{\"gateway\": {\"host\": \"h\", \"host-key\": []}, \"forwards\": {\"db\": \"-L 5432:db:5432\"}}"),
    ])
    func addingKeepsAllOtherBytes(edit: Edit) throws {
        let edited = try file(edit.before).adding(forward: "db", spec: "-L 5432:db:5432")
        #expect(Array(edited.text.utf8) == Array(edit.after.utf8))
        #expect(edited.configuration.forwards.last?.name == "db")
    }

    @Test(arguments: [
        Edit("\(gateway)forwards:\n  db: -L 1:b:2\n  a: -L 3:b:2\n", "\(gateway)forwards:\n  a: -L 3:b:2\n"),
        Edit("\(gateway)forwards:\n  a: -L 3:b:2\n  db: -L 1:b:2", "\(gateway)forwards:\n  a: -L 3:b:2"),
        Edit("\(gateway)forwards:\n  db: -L 1:b:2\n", "\(gateway)forwards:\n"),
        Edit("forwards:\n  db: -L 1:b:2\n\(gateway)", "forwards:\n\(gateway)"),
        Edit(
            "\(gateway)forwards:\r\n  # above\r\n  db: -L 1:b:2 # own\r\n  # below\r\n",
            "\(gateway)forwards:\r\n  # above\r\n  # below\r\n"),
        Edit(
            "\(gateway)forwards:\n  \"db\":\n    spec: -L 1:b:2\n    # own\n\n    hold: 1s\n\n  # a\n  a: -L 3:b:2\n",
            "\(gateway)forwards:\n\n  # a\n  a: -L 3:b:2\n"),
        Edit(
            "\(gateway)forwards:\n  db: {spec: -L 1:b:2,\nhold: 1s} # own\n  a: -L 3:b:2\n",
            "\(gateway)forwards:\n  a: -L 3:b:2\n"),
        Edit("\(gateway)forwards: {db: -L 1:b:2}\n", "\(gateway)forwards: {}\n"),
        Edit("\(gateway)forwards: {db: -L 1:b:2, a: -L 3:b:2}\n", "\(gateway)forwards: {a: -L 3:b:2}\n"),
        Edit("\(gateway)forwards: {a: -L 3:b:2, db: -L 1:b:2 }\n", "\(gateway)forwards: {a: -L 3:b:2 }\n"),
        Edit("\(gateway)forwards: {a: -L 3:b:2, db: -L 1:b:2,}\n", "\(gateway)forwards: {a: -L 3:b:2,}\n"),
        Edit(
            "\(gateway)forwards: {\n  a: -L 3:b:2, # a\n  db: -L 1:b:2 # own\n}\n",
            "\(gateway)forwards: {\n  a: -L 3:b:2 # a\n}\n"),
        Edit(
            "\(gateway)forwards: {\n  db: -L 1:b:2, # own\n  # a\n  a: -L 3:b:2\n}\n",
            "\(gateway)forwards: {\n  # a\n  a: -L 3:b:2\n}\n"),
        Edit(
            "\(gateway)forwards: {a: -L 3:b:2, # a\n  db: -L 1:b:2}\n", "\(gateway)forwards: {a: -L 3:b:2 # a\n  }\n"),
    ])
    func removingTakesTheForwardsLinesOnly(edit: Edit) throws {
        let edited = try file(edit.before).removing(forward: "db")
        #expect(Array(edited.text.utf8) == Array(edit.after.utf8))
    }

    @Test(arguments: [
        ("-L [::1]:80:b:2", "\(gateway)forwards:\n", "\(gateway)forwards:\n  db: -L [::1]:80:b:2\n"),
        ("-L [::1]:80:b:2", "\(gateway)forwards: {}\n", "\(gateway)forwards: {db: '-L [::1]:80:b:2'}\n"),
        ("-L *:80:b:2", "\(gateway)forwards: {}\n", "\(gateway)forwards: {db: -L *:80:b:2}\n"),
        ("-L 80:it's#b:2", "\(gateway)forwards:\n", "\(gateway)forwards:\n  db: '-L 80:it''s#b:2'\n"),
        ("-L80:b:http", "\(gateway)forwards:\n", "\(gateway)forwards:\n  db: -L80:b:http\n"),
    ])
    func aSpecThatYAMLWouldMisreadIsQuoted(spec: String, before: String, after: String) throws {
        #expect(try file(before).adding(forward: "db", spec: spec).text == after)
    }

    @Test func aForwardWithoutANameIsNamedAfterItsListener() throws {
        var file = try file(gateway)
        for spec in ["-L 5432:a:1", "-L 127.0.0.2:5432:a:1", "-L 127.0.0.3:5432:a:1", "-R 2222:a:1", "-R 0:a:1"] {
            file = try file.adding(spec: spec)
        }
        #expect(file.configuration.forwards.map(\.name) == ["l5432", "l5432-2", "l5432-3", "r2222", "r0"])
    }

    @Test(arguments: [
        ("a", "-L 9:b:2", ConfigError.Code.forwardExists, "work.yaml has a forward \"a\" already"),
        (
            "a b", "-L 9:b:2", .invalidArgument,
            "\"a b\" cannot name a forward: \" \" is not allowed in a name; use letters, digits, \".\", \"_\" and \"-\""
        ),
        (
            "x", "-L 9:b", .invalidArgument,
            "\"-L 9:b\": expected -L [bind_address:]port:host:hostport (or the path of a Unix socket at either end), "
                + "found 2 fields"
        ),
        ("x", "-L 1:c:3", .listenConflict, "\"a\" of work.yaml listens on localhost:1 already"),
    ])
    func whatCannotBeAddedIsRefused(name: String, spec: String, code: ConfigError.Code, message: String) throws {
        let file = try file("\(gateway)forwards:\n  a: -L 1:b:2\n")
        let error = try #require(throws: ConfigError.self) { try file.adding(forward: name, spec: spec) }
        #expect(error.code == code)
        #expect(error.message == message)
    }

    @Test func removingWhatIsNotThereIsRefusedWithASuggestion() throws {
        let file = try file("\(gateway)forwards:\n  mail: -L 1:b:2\n")
        let error = try #require(throws: ConfigError.self) { try file.removing(forward: "mial") }
        #expect(error.code == .noSuchForward)
        #expect(error.message == "work.yaml has no forward \"mial\", did you mean \"mail\"?")
    }

    @Test func aFileWithErrorsIsNotEdited() throws {
        let error = try #require(throws: ConfigError.self) { try file("gateway: {hots: h}\n") }
        #expect(error.code == .invalidFile)
        #expect(error.diagnostics.count == 2)
        #expect(error.description.contains("work.yaml:1:11: error: gateway.hots: unknown key"))
    }

    @Test(arguments: [
        "\(gateway)forwards:\n  ? a\n  : -L 1:b:2\n", "\(gateway)...\n", "---\n\(gateway)...\n# end\n",
    ])
    func aLayoutThatCannotBeEditedSafelyIsLeftAlone(text: String) throws {
        let error = try #require(throws: ConfigError.self) {
            try file(text).adding(forward: "db", spec: "-L 5432:db:5432")
        }
        #expect(error.code == .uneditable)
        #expect(error.message.contains("add the line \"db: -L 5432:db:5432\" under \"forwards:\" by hand"))
    }

    @Test func anEditThatSaysSomethingElseIsRefused() throws {
        let file = try file("\(gateway)forwards:\n  a: -L 1:b:2\n")
        let line = TextEdit.insert("  x: -L 9:b:2\n", at: file.text.utf8.count)
        var expected = file.configuration
        expected.forwards.append(
            ForwardConfiguration(name: "x", spec: try ForwardSpec(parsing: "-L 9:b:2"), probe: .standard))
        #expect(try file.applying([line], expecting: expected, otherwise: "").configuration == expected)
        expected.forwards.swapAt(0, 1)
        for edits in [[line], [], nil] {
            let error = #expect(throws: ConfigError.self) {
                try file.applying(edits, expecting: expected, otherwise: "")
            }
            #expect(error?.code == .uneditable)
        }
    }
}
