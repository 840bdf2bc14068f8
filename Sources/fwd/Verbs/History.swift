import ArgumentParser
import FwdControl

struct History: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show what happened to gateways and their forwards.",
        discussion: "The last 100 events of each gateway since the supervisor started, the newest last.")

    @OptionGroup var options: ReportOptions

    func execute() async throws {
        let history = try await ControlClient.with(path: try options.common.controlPath()) { client in
            try await client.history(gateway: options.gateway)
        }
        if options.json {
            Console.data(try JSONText.render(history))
        } else if !history.gateways.allSatisfy(\.events.isEmpty) {
            Console.data(HistoryView.render(history, Console.style))
        }
    }
}
