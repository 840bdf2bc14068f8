import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Listening")
struct ListenTests {
    @Test("a local port in use degrades that forward alone, and is taken when it is free")
    func waitsForLocalPort() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.exchange)
            let (busy, free) = (forward(.local, "busy", to: target), forward(.local, "free", to: target))
            let holder = try await TargetServer.start(.echo, port: busy.spec.listenPort)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [busy, free])) { fixture in
                let status = try await fixture.waitUntil("busy", is: .degraded)
                #expect(
                    status.cause?.message
                        == "cannot listen on localhost:\(busy.spec.listenPort): address already in use")
                try await fixture.waitUntil("free", is: .up)
                await holder.stop()
                try await fixture.waitUntil("busy", is: .up)
                #expect(await fixture.status.connects == 1)
            }
            await target.stop()
        }
    }

    @Test("a remote port in use degrades that forward alone, and is taken when it is free")
    func waitsForRemotePort() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.exchange)
            let busyPort = FreePorts.next()
            // Both protocols: sshd is content with one of them.
            let holder = try await TargetServer.start(.echo, port: busyPort)
            let holder6 = try await TargetServer.start(.echo, host: "::1", port: busyPort)
            let busy = ForwardConfiguration.remote("busy", port: busyPort, to: target.port)
            let free = ForwardConfiguration.remote("free", to: target.port)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [busy, free])) { fixture in
                let status = try await fixture.waitUntil("busy", is: .degraded)
                #expect(status.cause?.reason == .portInUse)
                #expect(status.cause?.message.hasPrefix("localhost:\(busyPort) is in use at the server") == true)
                let freePort = try #require(try await fixture.waitUntil("free", is: .up).boundPort)
                let plan = ExchangePlan(seed: 1, up: 10_000, down: 10_000)
                #expect(try await StreamClient.exchange(port: freePort, plan).isExactly(plan.down))
                await holder.stop()
                await holder6.stop()
                let taken = try await fixture.waitUntil("busy", is: .up)
                #expect(taken.boundPort == busyPort)
                #expect(await fixture.status.connects == 1)
            }
            await target.stop()
        }
    }

    @Test("forwarding that sshd forbids is told, and the session stays", arguments: RelayTests.kinds)
    func namesForbiddenForwarding(kind: ForwardSpec.Kind) async throws {
        let options = SSHDOptions(configuration: ["AllowTcpForwarding no"])
        try await SSHDFixture.with(options) { sshd in
            let target = try await TargetServer.start(.exchange)
            let forbidden = forward(kind, "f", to: target)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forbidden])) { fixture in
                try await fixture.waitUntil(.up)
                if kind == .local {
                    // It may be reset before the client has looked at it.
                    _ = try? await StreamClient.with(port: forbidden.spec.listenPort) { await $0.receiveDigest() }
                }
                let cause = try await eventually("the refusal is told") {
                    try await fixture.forward("f").lastError?.cause
                }
                #expect(cause.message.contains("AllowTcpForwarding"), "\(cause.message)")
                #expect(await fixture.status.state == .up)
            }
            await target.stop()
        }
    }

    @Test("loopback listens on both protocols, \"*\" on every interface, an address on that one alone")
    func bindsAsSSHDoes() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.identity("x"))
            let addresses: [(ForwardSpec.BindAddress, reached: [String], refused: [String])] = [
                (.loopback, ["127.0.0.1", "::1"], ["127.0.0.2"]), (.any, ["127.0.0.1", "::1", "127.0.0.2"], []),
                (.address("127.0.0.2"), ["127.0.0.2"], ["127.0.0.1", "::1"]),
                (.address("::1"), ["::1"], ["127.0.0.1"]),
            ]
            let forwards = addresses.enumerated().map { index, entry in
                ForwardConfiguration(
                    name: "f\(index)",
                    spec: ForwardSpec(
                        kind: .local, listen: .init(address: entry.0, port: FreePorts.next()),
                        target: .init(host: "127.0.0.1", port: target.port)))
            }
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                for (index, entry) in addresses.enumerated() {
                    let port = try #require(try await fixture.waitUntil("f\(index)", is: .up).boundPort)
                    for host in entry.reached {
                        let text = try await StreamClient.with(host: host, port: port) { await $0.receive(count: 1) }
                        #expect(text == "x", "\(entry.0) on \(host)")
                    }
                    for host in entry.refused {
                        await #expect(throws: StreamFailure.self, "\(entry.0) on \(host)") {
                            _ = try await StreamClient.connect(host: host, port: port)
                        }
                    }
                }
            }
            await target.stop()
        }
    }
}
