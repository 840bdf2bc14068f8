import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Probes of forwards")
struct ProbeTests {
    private static let soon = Duration.milliseconds(500)

    /// Keeps the probe that is looked for apart from any before it.
    private func probe(
        _ fixture: GatewayFixture, _ what: String, _ isWanted: @escaping @Sendable (ProbeStatus) -> Bool
    ) async throws -> ProbeStatus {
        try await eventually(what) {
            let probe = await fixture.status.forwards.first { $0.name == "f" }?.probe
            return probe.map(isWanted) == true ? probe : nil
        }
    }

    @Test("a target that is away degrades the forward until it is back", arguments: RelayTests.kinds)
    func connectionProbe(kind: ForwardSpec.Kind) async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.echo)
            var probed = forward(kind, "f", to: target)
            probed.probe = Probe(every: Self.soon)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [probed])) { fixture in
                let good = try await probe(fixture, "a probe has succeeded") { $0.isSuccess }
                #expect(good.message == nil)
                #expect(try await fixture.forward("f").state == .up)
                await target.stop()
                let status = try await fixture.waitUntil("f", is: .degraded)
                #expect(status.cause?.reason == .probe)
                #expect(status.probe?.isSuccess == false)
                let back = try await TargetServer.start(.echo, port: target.port)
                try await fixture.waitUntil("f", is: .up)
                let states = await fixture.gateway.history().filter { $0.forward == "f" }.map(\.to)
                #expect(states == ["degraded", "up"])
                await back.stop()
            }
        }
    }

    @Test("a target that says something else is not proof", arguments: RelayTests.kinds)
    func expectation(kind: ForwardSpec.Kind) async throws {
        try await SSHDFixture.with { sshd in
            for (greeting, isRight) in [("SSH-2.0-x\r\n", true), ("220 mail\r\n", false), ("SSH", false)] {
                let target = try await TargetServer.start(.greeting(greeting))
                var probed = forward(kind, "f", to: target)
                probed.probe = Probe(.expect("SSH-2.0"), every: Self.soon)
                try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [probed])) { fixture in
                    let status = try await probe(fixture, "a probe has ended") { _ in true }
                    #expect(status.isSuccess == isRight, "\(greeting) over \(kind): \(status.message ?? "")")
                }
                await target.stop()
            }
        }
    }

    @Test("an HTTP target is judged by its status", arguments: RelayTests.kinds)
    func http(kind: ForwardSpec.Kind) async throws {
        try await SSHDFixture.with { sshd in
            for (answer, isRight) in [("HTTP/1.1 200 OK", true), ("HTTP/1.1 503 Down", false), ("hello", false)] {
                let target = try await TargetServer.start(.greeting("\(answer)\r\nContent-Length: 0\r\n\r\n"))
                var probed = forward(kind, "f", to: target)
                probed.probe = Probe(.http(path: "/healthz", status: 200), every: Self.soon)
                try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [probed])) { fixture in
                    let status = try await probe(fixture, "a probe has ended") { _ in true }
                    #expect(status.isSuccess == isRight, "\(answer) over \(kind): \(status.message ?? "")")
                }
                await target.stop()
            }
        }
    }

    @Test("a target that accepts and says nothing fails a probe that wants words, in time")
    func silence() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.echo)
            var probed = forward(.local, "f", to: target)
            probed.probe = Probe(.expect("SSH-2.0"), every: .seconds(60), timeout: .milliseconds(300))
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [probed])) { fixture in
                let status = try await probe(fixture, "a probe has failed") { !$0.isSuccess }
                #expect(status.message == "no answer within 0.3 seconds")
            }
            await target.stop()
        }
    }

    @Test("where the server forbids the way through a remote port, the target alone is asked, and that is told")
    func forbiddenLoop() async throws {
        let options = SSHDOptions(configuration: ["AllowTcpForwarding remote"])
        try await SSHDFixture.with(options) { sshd in
            let target = try await TargetServer.start(.echo)
            var probed = ForwardConfiguration.remote("f", to: target.port)
            probed.probe = Probe(every: Self.soon)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [probed])) { fixture in
                let status = try await probe(fixture, "a probe has ended") { _ in true }
                #expect(status.isSuccess)
                #expect(status.message?.contains("does not let") == true, "\(status.message ?? "")")
                await target.stop()
                try await fixture.waitUntil("f", is: .degraded)
            }
        }
    }
}

@Suite("Remote ports that are refused")
struct RefusedListenTests {
    @Test("a port that another program holds is told apart from one that is forbidden")
    func inUseOrForbidden() async throws {
        let (free, busy) = (FreePorts.next(), FreePorts.next())
        let options = SSHDOptions(configuration: ["PermitListen localhost:\(busy)"])
        try await SSHDFixture.with(options) { sshd in
            let target = try await TargetServer.start(.echo)
            let holder = try await TargetServer.start(.greeting("mine"), port: busy)
            let holder6 = try await TargetServer.start(.greeting("mine"), host: "::1", port: busy)
            let forwards = [
                ForwardConfiguration.remote("busy", port: busy, to: target.port),
                ForwardConfiguration.remote("forbidden", port: free, to: target.port),
            ]
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                #expect(try await fixture.waitUntil("busy", is: .degraded).cause?.reason == .portInUse)
                let forbidden = try await fixture.waitUntil("forbidden", is: .parked).cause
                #expect(forbidden?.reason == .remoteListen)
                #expect(forbidden?.message.contains("PermitListen") == true)
            }
            for server in [target, holder, holder6] { await server.stop() }
        }
    }

    @Test(
        "a port that a lost session of ours still holds is told as that, with the setting that mends it, and taken back"
    )
    func stale() async throws {
        let port = FreePorts.next()
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.echo)
            let forwards = [ForwardConfiguration.remote("f", port: port, to: target.port)]
            var configuration = sshd.gatewayConfiguration(forwards: forwards)
            configuration.liveness = Liveness(interval: .seconds(1), count: 3)
            try await GatewayFixture.with(configuration) { fixture in
                try await fixture.waitUntil("f", is: .up)
                try await sshd.pauseSessions()
                let status = try await fixture.waitUntil("f", is: .degraded)
                #expect(status.cause?.reason == .stalePort, "\(status.cause?.message ?? "")")
                #expect(status.cause?.message.contains("ClientAliveInterval") == true)
                try await fixture.waitUntil(.up)
                await sshd.resume()
                try await fixture.waitUntil("f", is: .up, within: .seconds(60))
            }
            await target.stop()
        }
    }
}
