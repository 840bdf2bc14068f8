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
        /// Of each worker, between two exchanges: the faults, not the load, are what this is about.
        var pause = Duration.milliseconds(20)

        /// For rows that run beside others.
        static var patient: Options {
            var options = Options()
            options.workers = 1
            options.pause = .milliseconds(200)
            return options
        }
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
                host: options.remoteHost, port: ports[1], target: target, mayBreak: true, mayEndShort: true),
        ]
        let routes =
            struckRoutes.flatMap { Array(repeating: $0, count: options.workers) }
            + [ports[2], ports[3]].map { port in
                FaultTraffic.Route(
                    port: port, target: target, mayBreak: options.bystanderMayBreak, mayEndShort: port == ports[3])
            }
        try await SupervisorFixture.with(
            [gateway, beside], logLevel: options.logLevel, under: options.wrapper, environment: options.environment
        ) { fixture in
            for name in [struck, bystander] { try await fixture.waitUntilAllIsUp(name) }
            let counts = try await FaultTraffic.flowing(routes, pause: options.pause) { traffic in
                try await eventually("traffic flows") { traffic.counts.whole >= routes.count }
                try await body(
                    FaultScene(
                        sshd: sshd, path: path, target: target, fixture: fixture, gateway: gateway, traffic: traffic,
                        local: struckRoutes[0], remote: struckRoutes[1], findings: findings))
            }
            if !options.bystanderMayBreak { try await check(counts, fixture) }
        }
    }

    private static func check(_ counts: FaultTraffic.Counts, _ fixture: SupervisorFixture) async throws {
        let connects = try await fixture.status(of: bystander).connects
        #expect(connects == 1, "the bystander came up \(connects) times")
        // A -R may cut its clients with FIN when its session is lost: then only, and never else.
        let status = try await fixture.status(of: struck)
        #expect(
            counts.broken.isEmpty || status.connects > 1 || status.state != .up,
            "connections broke though their session stayed: \(counts.broken.prefix(3))")
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
