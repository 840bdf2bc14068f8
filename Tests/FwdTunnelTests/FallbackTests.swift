import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Several servers for one gateway", .serialized)
struct FallbackTests {
    @Test("the next server takes over, and gives back without cutting what it carries")
    func takesOverAndGivesBack() async throws {
        try await SSHDFixture.with { first in
            try await SSHDFixture.with(SSHDOptions(hostKeys: [.ecdsa256])) { second in
                let target = try await TargetServer.start(.exchange)
                let remotePort = FreePorts.next()
                let forwards = [
                    forward(.local, "l", to: target),
                    ForwardConfiguration.remote("r", port: remotePort, to: target.port),
                ]
                var configuration = first.gatewayConfiguration(forwards: forwards)
                configuration.fallbacks = [second.gatewayConfiguration()]
                await first.kill()
                try await GatewayFixture.with(configuration) { fixture in
                    let port = try #require(try await fixture.waitUntil("l", is: .up).boundPort)
                    try await fixture.waitUntil("r", is: .up)
                    #expect(await fixture.status.port == second.port)
                    #expect(await fixture.status.hosts.count == 2)

                    let client = try await StreamClient.connect(port: port)
                    let plan = ExchangePlan(seed: 7, up: 1 << 20, down: 1 << 20)
                    try await first.restart()
                    try await eventually("the preferred server is used again") {
                        await fixture.gateway.retry()
                        return await fixture.status.port == first.port
                    }
                    // What was opened through the second server goes on there.
                    let received = try await client.exchange(plan)
                    #expect(received.isExactly(plan.down))
                    await client.close()
                    let other = ExchangePlan(seed: 8, up: 300_000, down: 300_000)
                    #expect(try await StreamClient.exchange(port: port, other).isExactly(other.down))
                    // The remote port has moved with it: the second server does not listen any more.
                    try await fixture.waitUntil("r", is: .up)
                    #expect(try await StreamClient.exchange(port: remotePort, other).isExactly(other.down))
                    try await eventually("the second server carries nothing any more") {
                        await second.sessionDescriptors == 0
                    }
                    #expect(await fixture.status.connects == 1)
                }
                await target.stop()
            }
        }
    }

    @Test("a preferred server that dies is replaced by the next within a second, and traffic goes on")
    func failsOver() async throws {
        try await SSHDFixture.with { first in
            try await SSHDFixture.with { second in
                let target = try await TargetServer.start(.exchange)
                var configuration = first.gatewayConfiguration(forwards: [forward(.local, "l", to: target)])
                configuration.fallbacks = [second.gatewayConfiguration()]
                try await GatewayFixture.with(configuration) { fixture in
                    let port = try #require(try await fixture.waitUntil("l", is: .up).boundPort)
                    #expect(await fixture.status.port == first.port)
                    await first.kill()
                    let plan = ExchangePlan(seed: 9, up: 300_000, down: 300_000)
                    #expect(try await StreamClient.exchange(port: port, plan).isExactly(plan.down))
                    #expect(await fixture.status.port == second.port)
                }
                await target.stop()
            }
        }
    }
}
