import FwdCore
import FwdTestSupport
import Testing

@Suite("Relays through a real sshd")
struct RelayTests {
    static let kinds: [ForwardSpec.Kind] = [.local, .remote]

    @Test("a stream of several MiB each way arrives whole", arguments: kinds)
    func carriesStreams(kind: ForwardSpec.Kind) async throws {
        try await withForward(kind) { port, target, _ in
            let plan = ExchangePlan(seed: 1, up: 9_000_001, down: 12_000_003)
            let received = try await StreamClient.exchange(port: port, plan)
            #expect(received.isExactly(plan.down))
            let sent = try await target.exchanged(seed: 1)
            #expect(sent.isExactly(plan.up))
        }
    }
}

/// Runs `body` with one forward of that kind to an exchange target: the port to connect to, the target, the gateway.
func withForward(
    _ kind: ForwardSpec.Kind, _ behaviour: TargetBehaviour = .exchange, sshd options: SSHDOptions = .standard,
    _ body: (UInt16, TargetServer, GatewayFixture) async throws -> Void
) async throws {
    try await SSHDFixture.with(options) { sshd in
        try await TargetServer.with(behaviour) { target in
            let forward =
                switch kind {
                case .local: ForwardConfiguration.local("f", port: FreePorts.next(), to: target.port)
                case .remote: ForwardConfiguration.remote("f", to: target.port)
                }
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forward])) { fixture in
                let status = try await fixture.waitUntil("f", is: .up)
                try await body(try #require(status.boundPort), target, fixture)
            }
        }
    }
}
