import ArgumentParser
import Foundation
import FwdControl
import FwdCore

struct List: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show every forward.",
        discussion: """
            IN counts the bytes that came from the target, OUT those that went to it. A line below a forward says why it \
            is not up, or what failed last since it came up. On a terminal that is too narrow for all columns, SPEC stands \
            for KIND, LISTEN and TARGET.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show it again each second, until Ctrl-C; with --json, a line each time that it has changed.")
    var watch = false

    func execute() async throws {
        if watch { return try await LiveList(path: try common.controlPath(), asJSON: json).run() }
        let snapshot = try await ControlClient.with(path: try common.controlPath()) { try await $0.status() }
        if json {
            Console.data(try JSONText.render(ListEntry.all(of: snapshot)))
        } else {
            Console.data(ListView.render(snapshot, Console.style, width: TerminalSize.current?.columns))
        }
        Console.talkAbout(snapshot.configuration)
    }
}

/// JSON for `--json`: indented, keys sorted.
enum JSONText {
    static func render(_ value: some Encodable) throws -> String {
        String(decoding: try ControlJSON.encode(value, pretty: true), as: UTF8.self)
    }

    /// On one line, for programs that read value after value.
    static func line(_ value: some Encodable) throws -> String {
        String(decoding: try ControlJSON.encode(value), as: UTF8.self)
    }
}

extension Console {
    /// Says what is wrong with the files, if anything is.
    static func talkAbout(_ configuration: ConfigurationStatus) {
        for problem in problems(of: configuration) { talk(problem) }
    }

    static func problems(of configuration: ConfigurationStatus) -> [String] {
        configuration.errors
            + configuration.refusedGateways.map { "the file of \"\($0)\" is refused; mend it and run fwd reload" }
    }
}
