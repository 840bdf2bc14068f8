import FwdCore
import FwdTestSupport

/// Two offices with an sshd and a supervisor on each gate. A's carries the forwards that serve both directions.
struct LinkedOffices {
    static let socksPort: UInt16 = 1080

    let offices: TwoOffices
    let sshdA: SSHDFixture
    let sshdB: SSHDFixture
    let supervisorA: SupervisorFixture
    let supervisorB: SupervisorFixture

    /// Runs `body` with the offices, once all forwards of these means are up and both servers serve.
    static func with(_ means: [Means], _ body: (LinkedOffices) async throws -> Void) async throws {
        try await TwoOffices.with { offices in
            if means.contains(.network) { try await prepareFarEnd(of: offices) }
            try await SSHDFixture.with(options(of: offices.a)) { sshdA in
                try await SSHDFixture.with(options(of: offices.b)) { sshdB in
                    // The servers first: a forward whose target does not answer is not up.
                    try await serving(in: offices) {
                        try await withSupervisors(means, offices, sshdA, sshdB) { linked in
                            try await linked.waitUntilUp()
                            try await body(linked)
                        }
                    }
                }
            }
        }
    }

    private static func options(of office: Office) -> SSHDOptions {
        // A server that never asks would keep the port of a -R for a client that is long gone.
        var options = SSHDOptions(configuration: [
            "GatewayPorts clientspecified", "PermitTunnel point-to-point", "ClientAliveInterval 2",
            "ClientAliveCountMax 2",
        ])
        options.address = office.addresses.wan
        options.wrapper = office.gate.wrapper
        return options
    }

    /// What B's administrator does once for the routed network.
    private static func prepareFarEnd(of offices: TwoOffices) async throws {
        let (gate, device) = (offices.b.gate, "tun\(Means.unit)")
        for command in [
            "tuntap add dev \(device) mode tun", "address add \(Means.tunnel.far)/30 dev \(device)",
            "address add \(Means.tunnel6.far)/64 dev \(device) nodad",
            "link set \(device) up", "route add \(offices.a.addresses.lan) dev \(device)",
            "-6 route add \(offices.a.addresses.lan6) dev \(device)",
        ] {
            try await gate.configure(command)
        }
    }

    private static func withSupervisors(
        _ means: [Means], _ offices: TwoOffices, _ sshdA: SSHDFixture, _ sshdB: SSHDFixture,
        _ body: (LinkedOffices) async throws -> Void
    ) async throws {
        let (a, b) = (offices.a, offices.b)
        let forwardsOfA = means.flatMap { $0.forwards(from: a.addresses, to: b.addresses) }
        let forwardsOfB = means.flatMap { $0.forwardsOfBoth(from: b.addresses, to: a.addresses) }
        let (toB, toA) = (file(sshdB, forwardsOfA), file(sshdA, forwardsOfB))
        try await SupervisorFixture.with([], files: ["b.yaml": toB], logLevel: "info", under: a.gate.wrapper) { one in
            try await SupervisorFixture.with([], files: ["a.yaml": toA], logLevel: "info", under: b.gate.wrapper) {
                try await body(
                    LinkedOffices(offices: offices, sshdA: sshdA, sshdB: sshdB, supervisorA: one, supervisorB: $0))
            }
        }
    }

    /// A file for the gateway that this server is.
    private static func file(_ sshd: SSHDFixture, _ forwards: [String]) -> String {
        let gateway = [
            "gateway:", "  host: \(sshd.host)", "  port: \(sshd.port)", "  user: \(sshd.user)",
            "  identity: \(sshd.identityPath)", "  ssh-config: none", "  liveness: {interval: 1s, count: 3}",
            "  host-key: \(sshd.hostKeyPins[0])",
        ]
        return (gateway + (forwards.isEmpty ? [] : ["forwards:"] + forwards)).joined(separator: "\n") + "\n"
    }

    private static func serving(in offices: TwoOffices, _ body: () async throws -> Void) async throws {
        try await OfficeTraffic.serving(on: offices.a.server) {
            try await OfficeTraffic.serving(on: offices.b.server, body)
        }
    }

    private var supervisors: [SupervisorFixture] { [supervisorA, supervisorB] }

    /// Waits until every gateway and every forward of both supervisors is up.
    func waitUntilUp(within deadline: Duration = .seconds(30)) async throws {
        try await eventually(within: deadline, "all of both gates is up") { try await isUp }
    }

    private var isUp: Bool {
        get async throws {
            for supervisor in supervisors {
                let gateways = try await supervisor.snapshot().gateways
                // A file that is refused makes no gateway.
                guard !gateways.isEmpty,
                    gateways.allSatisfy({ $0.state == .up && $0.forwards.allSatisfy { $0.state == .up } })
                else {
                    return false
                }
            }
            return true
        }
    }

    /// Waits until neither gateway is up.
    func waitUntilDown(within deadline: Duration = .seconds(30)) async throws {
        try await eventually(within: deadline, "no gateway is up") {
            for supervisor in supervisors {
                let states = try await supervisor.snapshot().gateways.map(\.state)
                guard !states.contains(.up) else { return false }
            }
            return true
        }
    }

    /// Sends bytes both ways between a client and the server of the other office.
    func exchange(
        _ bytes: UInt64, _ means: Means, _ direction: Direction, within deadline: Duration = .seconds(60)
    ) async throws -> OfficeTraffic.Exchanged {
        let (near, far) = ends(direction)
        let way = means.way(from: near.addresses, to: far.addresses)
        return try await OfficeTraffic.exchange(bytes, from: near.client, way, within: deadline)
    }

    /// The same by IPv6; `nil` where these means have none.
    func exchange6(
        _ bytes: UInt64, _ means: Means, _ direction: Direction
    ) async throws -> OfficeTraffic.Exchanged? {
        let (near, far) = ends(direction)
        guard let way = means.way6(to: far.addresses) else { return nil }
        return try await OfficeTraffic.exchange(bytes, from: near.client, way)
    }

    func ends(_ direction: Direction) -> (near: Office, far: Office) {
        direction == .fromAToB ? (offices.a, offices.b) : (offices.b, offices.a)
    }
}
