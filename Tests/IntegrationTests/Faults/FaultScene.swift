import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

/// What most rows happen in: the built `fwd run` with two gateways, each with an sshd of its own.
///
/// The fault is done to `struck`, which is reached through a `FaultyPath`; `bystander` must not notice. Both carry a -L
/// and a -R to the same target.
struct FaultScene: Sendable {
    struct Options: Sendable {
        var sshd = SSHDOptions.standard
        var conditions = PathConditions.clear
        var wrapper: [String] = []
        var environment: [String: String] = [:]
        var logLevel = "debug"
        /// Where the struck gateway is found without the path in between.
        var serverName: String?
        /// Where its -R listens.
        var remoteHost = "127.0.0.1"
        var targetHost = "127.0.0.1"
        /// Where the fault is one of the whole process.
        var bystanderMayBreak = false
        /// How many workers each forward of the struck gateway gets.
        var workers = 2
    }

    let sshd: SSHDFixture
    let path: FaultyPath
    let target: TargetServer
    let fixture: SupervisorFixture
    let gateway: GatewayConfiguration
    let traffic: FaultTraffic
    let local: FaultTraffic.Route
    let remote: FaultTraffic.Route
    let findings: FaultFindings

    static let struck = "struck"
    static let bystander = "bystander"

    /// Runs `body` when both gateways are up and traffic flows.
    static func with(
        _ findings: FaultFindings, _ options: Options = Options(),
        _ body: (FaultScene) async throws -> Void
    ) async throws {
        try await SSHDFixture.with(options.sshd) { sshd in
            try await SSHDFixture.with { other in
                try await FaultyPath.with(to: sshd.port, options.conditions) { path in
                    try await TargetServer.with(.exchange, host: options.targetHost) { target in
                        try await run(findings, options, sshd, other, path, target, body)
                    }
                }
            }
        }
    }

    private static func run(
        _ findings: FaultFindings, _ options: Options, _ sshd: SSHDFixture, _ other: SSHDFixture, _ path: FaultyPath,
        _ target: TargetServer, _ body: (FaultScene) async throws -> Void
    ) async throws {
        let ports = (0..<4).map { _ in FreePorts.next() }
        var gateway = sshd.gatewayConfiguration(
            name: struck, forwards: try forwards(ports[0], ports[1], on: options.remoteHost, to: target))
        if let name = options.serverName { gateway.host = name } else { gateway.port = path.port }
        let beside = other.gatewayConfiguration(name: bystander, forwards: try forwards(ports[2], ports[3], to: target))
        let struckRoutes = [
            FaultTraffic.Route(port: ports[0], target: target, mayBreak: true),
            FaultTraffic.Route(
                host: options.remoteHost, port: ports[1], target: target, mayBreak: true, isFar: true),
        ]
        let routes =
            struckRoutes.flatMap { Array(repeating: $0, count: options.workers) }
            + ports[2...].map { FaultTraffic.Route(port: $0, target: target, mayBreak: options.bystanderMayBreak) }
        try await SupervisorFixture.with(
            [gateway, beside], logLevel: options.logLevel, under: options.wrapper, environment: options.environment
        ) { fixture in
            for name in [struck, bystander] { try await fixture.waitUntilAllIsUp(name) }
            try await FaultTraffic.flowing(routes) { traffic in
                try await eventually("traffic flows") { traffic.counts.whole >= routes.count }
                try await body(
                    FaultScene(
                        sshd: sshd, path: path, target: target, fixture: fixture, gateway: gateway, traffic: traffic,
                        local: struckRoutes[0], remote: struckRoutes[1], findings: findings))
            }
            let status = try await fixture.status(of: bystander)
            #expect(
                status.connects == 1 || fixture.process.exit != nil, "the bystander came up \(status.connects) times")
        }
    }

    private static func forwards(
        _ local: UInt16, _ remote: UInt16, on remoteHost: String = "127.0.0.1", to target: TargetServer
    ) throws -> [ForwardConfiguration] {
        [
            try ForwardConfiguration("out", "-L \(local):\(target.host):\(target.port)"),
            try ForwardConfiguration("back", "-R \(remoteHost):\(remote):\(target.host):\(target.port)"),
        ]
    }
}

extension FaultScene {
    var status: GatewayStatus {
        get async throws { try await fixture.status(of: Self.struck) }
    }

    /// Waits until the state shown is no longer up, and says why; notes how long that took.
    @discardableResult
    func waitUntilDown(since start: ContinuousClock.Instant, within deadline: Duration) async throws -> Cause {
        let cause = try await eventually(within: deadline, "the fault is shown") {
            let status = try await status
            return status.state == .up ? nil : status.cause ?? status.lastError?.cause
        }
        findings.detected(after: .now - start)
        for forward in try await status.forwards where forward.state == .up {
            #expect(try await status.state == .up, "\(forward.name) is shown as up while its gateway is not")
        }
        return cause
    }

    /// Waits until both forwards are up and carry bytes; notes how long that took.
    func waitUntilRecovered(since start: ContinuousClock.Instant, within deadline: Duration = .seconds(60)) async throws
    {
        try await fixture.waitUntilAllIsUp(Self.struck, within: deadline)
        try await proveBoth()
        findings.recovered(after: .now - start)
    }

    func proveBoth(_ rounds: Int = 2) async throws {
        for _ in 0..<rounds {
            for route in [local, remote] {
                try await Exchanges.prove(Exchanges.next(up: 200_000, down: 300_000), route)
            }
        }
    }

    /// Adds a -L of the struck gateway to each of these ports, by a reload.
    /// - Returns: where they listen.
    func lead(to targets: [UInt16]) async throws -> [UInt16] {
        var changed = gateway
        let ports = targets.map { _ in FreePorts.next() }
        for (port, target) in zip(ports, targets) {
            changed.forwards.append(try ForwardConfiguration("to-\(target)", "-L \(port):127.0.0.1:\(target)"))
        }
        try fixture.directory.write(ForwardsFile.text(of: changed), to: "forwards.d/\(gateway.name).yaml")
        fixture.process.send(SIGHUP)
        try await eventually(within: .seconds(20), "the added forwards are up") {
            let forwards = try await status.forwards
            return forwards.count == changed.forwards.count && forwards.allSatisfy { $0.state == .up }
        }
        return ports
    }

    /// Waits until the struck gateway carries nothing but the traffic itself.
    func waitUntilSettled(within deadline: Duration = .seconds(60)) async throws {
        var last = ""
        do {
            try await eventually(within: deadline, "the other relays have ended") {
                let status = try await status
                let active = status.forwards.map { ($0.name, $0.relays.active) }
                last = "\(status.sessions) sessions, relays \(active)"
                return active.allSatisfy { $0.0.hasPrefix("to-") ? $0.1 == 0 : $0.1 <= 4 }
            }
        } catch is DeadlineExceeded {
            throw TestSupportError("relays stay: \(last)")
        }
    }

    func retry() async throws {
        _ = try await fixture.fwd("retry", Self.struck, "--timeout", "1")
    }
}

extension SupervisorFixture {
    /// The snapshot, from the health endpoint: cheaper than a process each time.
    func healthSnapshot() async throws -> StatusSnapshot {
        try JSONDecoder().decode(StatusSnapshot.self, from: Data(try await health("/status").body.utf8))
    }

    func status(of gateway: String) async throws -> GatewayStatus {
        try #require(try await healthSnapshot().gateways.first { $0.name == gateway })
    }

    func waitUntilAllIsUp(_ gateway: String, within deadline: Duration = .seconds(30)) async throws {
        try await eventually(within: deadline, "\(gateway) and its forwards are up") {
            let status = try await status(of: gateway)
            return status.state == .up && status.forwards.allSatisfy { $0.state == .up }
        }
    }
}
