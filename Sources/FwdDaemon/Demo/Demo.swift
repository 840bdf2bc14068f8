import Foundation
import FwdConfig
import FwdControl
import FwdCore
import Logging

/// `fwd demo`: a private sshd, a web target and the supervisor, all on loopback, all gone at the end.
public struct Demo: Sendable {
    /// Of `--once`, from the first key to the last byte.
    static let onceDeadline = Duration.seconds(30)

    let examples: [String]?
    let isOnce: Bool
    let logger: Logger
    let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - examples: directories to look for `demo.yaml` in; `nil` for the usual ones and, if it is in none of them, a
    ///     built-in equal one.
    ///   - isOnce: fetch through the forwards, say whether it worked, end.
    ///   - say: gets what is for people, line by line.
    public init(examples: [String]?, isOnce: Bool, logger: Logger, say: @escaping @Sendable (String) -> Void) {
        self.examples = examples
        self.isOnce = isOnce
        self.logger = logger
        self.say = say
    }

    /// Returns after Ctrl-C or TERM, or with `isOnce` when both forwards have carried the page.
    /// - Throws: `DaemonError` with the cause.
    public func run() async throws {
        let interruption = Interruption()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await show(until: interruption) }
            group.addTask { try await interruption.listen() }
            if isOnce {
                group.addTask {
                    // The deadline, not a wait: it is cancelled when all has been shown.
                    try await Task.sleep(for: Self.onceDeadline)
                    throw DaemonError(.demo, "the demo was not done within \(Self.onceDeadline)")
                }
            }
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch  where interruption.hasHappened {
                return
            }
        }
    }

    private func show(until interruption: Interruption) async throws {
        let directory = try DemoDirectory()
        defer { directory.remove() }
        let forwards = try DemoForwards(lookingIn: examples)
        let server = try await DemoServer.start(in: directory)
        do {
            try await DemoWebTarget.with(logger: logger) { web in
                let file = try await forwards.file(server: server, webPort: web.port)
                try directory.write(file, to: "forwards.d/demo.yaml")
                try await supervise(directory, web, interruption)
            }
        } catch {
            await server.stop()
            throw server.explain(error)
        }
        await server.stop()
    }

    private func supervise(
        _ directory: DemoDirectory, _ web: DemoWebTarget, _ interruption: Interruption
    ) async throws {
        let configuration = RunConfiguration(
            directory: directory.path("forwards.d"), controlPath: directory.path("control.sock"),
            health: HealthAddress(host: "127.0.0.1", port: 0), drain: .seconds(1),
            handlesSignals: false)
        let daemon = try await Daemon(
            configuration, load: ForwardsDirectory(path: configuration.directory).loader, logger: logger)
        interruption.daemonRuns(daemon)
        var failure: (any Error)?
        try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                try await daemon.run()
                return .daemonEnded
            }
            group.addTask {
                // Whatever came of it, the daemon ends as it should.
                defer { daemon.shutDown() }
                do {
                    try await present(try await daemon.addresses(), web)
                    return .presented(nil)
                } catch {
                    return .presented(error)
                }
            }
            for try await step in group {
                switch step {
                case .daemonEnded: group.cancelAll()
                case .presented(let error): failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    private enum Step {
        case daemonEnded
        case presented((any Error)?)
    }

    private func present(_ addresses: DaemonAddresses, _ web: DemoWebTarget) async throws {
        let gateway = try await settled(addresses.control)
        if isOnce {
            try await DemoCheck(page: web.page).run(gateway, say: say)
            say("fwd demo: \(gateway.forwards.count == 2 ? "both" : "all") forwards work")
            return
        }
        for line in DemoText.lines(gateway, addresses) { say(line) }
        await Self.untilCancelled()
    }

    private static func untilCancelled() async {
        let (never, _) = AsyncStream.makeStream(of: Never.self)
        for await _ in never {}
    }

    private func settled(_ control: String) async throws -> GatewayStatus {
        let reply = try await ControlClient.with(path: control) { client in
            try await client.settled(gateway: DemoForwards.gateway, timeout: Self.onceDeadline)
        }
        let down = reply.gateway.forwards.filter { $0.state != .up }
        if reply.gateway.state == .up, down.isEmpty { return reply.gateway }
        let causes =
            [reply.gateway.cause].compactMap { $0?.message }
            + down.map { forward in
                "\(forward.name) is \(forward.state.rawValue)" + (forward.cause.map { ": \($0.message)" } ?? "")
            }
        throw DaemonError(
            .demo, "the demo's gateway is \(reply.gateway.state.rawValue): \(causes.joined(separator: "; "))")
    }
}
