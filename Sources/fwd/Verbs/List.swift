import ArgumentParser
import Foundation
import FwdControl
import FwdCore

struct List: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show every forward.",
        discussion: """
            IN counts the bytes that came from the target, OUT those that went to it. A line below a forward says why it \
            is not up, or what failed last since it came up.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print JSON.")
    var json = false

    func execute() async throws {
        let snapshot = try await ControlClient.with(path: try common.controlPath()) { try await $0.status() }
        if json {
            Console.data(try JSONText.render(ListEntry.all(of: snapshot)))
        } else {
            Console.data(ListView.render(snapshot, Console.style))
        }
        Console.talkAbout(snapshot.configuration)
    }
}

/// JSON for `--json`: indented, keys sorted.
enum JSONText {
    static func render(_ value: some Encodable) throws -> String {
        String(decoding: try ControlJSON.encode(value, pretty: true), as: UTF8.self)
    }
}

extension Console {
    /// Says what is wrong with the files, if anything is.
    static func talkAbout(_ configuration: ConfigurationStatus) {
        for error in configuration.errors { talk(error) }
        for gateway in configuration.refusedGateways {
            talk("the file of \"\(gateway)\" is refused; mend it and run fwd reload")
        }
    }
}
