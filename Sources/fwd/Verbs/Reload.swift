import ArgumentParser
import FwdControl

struct Reload: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Make the supervisor read the directory again.",
        discussion: """
            Forwards that did not change keep their listeners and connections. A gateway whose file is bad keeps what it \
            runs, and the exit code is 78.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print JSON.")
    var json = false

    func execute() async throws {
        let reply = try await ControlClient.with(path: try common.controlPath()) { try await $0.reload() }
        if json {
            Console.data(try JSONText.render(reply))
        } else if !reply.gateways.isEmpty {
            Console.data(ReloadView.render(reply, Console.style))
        }
        for line in reply.errors + reply.warnings { Console.talk(line) }
        if !reply.isSuccessful { throw ExitStatus.configuration }
    }
}
