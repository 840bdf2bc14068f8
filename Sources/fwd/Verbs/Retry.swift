import ArgumentParser
import FwdControl
import FwdCore

struct Retry: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Try again now instead of waiting.",
        discussion: """
            Ends backing off and parking, waits until the outcome is known, and exits with 1 if anything is not up.
            """)

    @Argument(help: "One gateway; all if absent.", completion: NameCompletion.gateways)
    var gateway: String?

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("How long to wait for the outcome.", valueName: "seconds"))
    var timeout = ControlLimits.defaultSettledSeconds

    func validate() throws {
        try WaitOption.check(timeout)
    }

    func execute() async throws {
        let replies = try await ControlClient.with(path: try common.controlPath()) { client in
            let gateways = try await client.retry(gateway: gateway).gateways
            return try await settled(gateways, client)
        }
        for reply in replies { Console.data(Outcome.line(reply.gateway, Console.style)) }
        if !replies.allSatisfy({ $0.gateway.isUp }) { throw ExitStatus.failure }
    }

    /// In the order of the names, waited for side by side.
    private func settled(_ gateways: [String], _ client: ControlClient) async throws -> [SettledReply] {
        try await withThrowingTaskGroup(of: SettledReply.self) { group in
            for name in gateways {
                group.addTask { try await client.settled(gateway: name, timeout: .seconds(timeout)) }
            }
            let replies = try await group.reduce(into: []) { $0.append($1) }
            return replies.sorted { $0.gateway.name < $1.gateway.name }
        }
    }
}

/// `--timeout` of the verbs that wait.
enum WaitOption {
    static func check(_ seconds: Double) throws {
        guard ControlLimits.settledSeconds.contains(seconds) else {
            throw ValidationError("--timeout must be 0 to \(Int(ControlLimits.settledSeconds.upperBound)) seconds")
        }
    }
}
