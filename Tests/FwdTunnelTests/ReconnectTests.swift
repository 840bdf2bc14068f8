import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Coming back", .serialized)
struct ReconnectTests {
    @Test("sshd killed and restarted under traffic: up within 3 s, same listener, held connections go through")
    func healsUnderTraffic() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.exchange)
            var forwards = [forward(.local, "l", to: target), forward(.remote, "r", to: target)]
            // Longer than a busy machine needs to start sshd again.
            forwards[0].hold = .seconds(60)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                let port = try #require(try await fixture.waitUntil("l", is: .up).boundPort)
                try await fixture.waitUntil("r", is: .up)
                var times: [Duration] = []
                for round in 0..<3 {
                    let before = try await fixture.forward("l").relays.bytesToTarget
                    let endless = ExchangePlan(seed: 1, up: 1 << 34, down: 1 << 34)
                    let traffic = Task { try? await StreamClient.exchange(port: port, endless) }
                    try await eventually("traffic runs") {
                        try await fixture.forward("l").relays.bytesToTarget > before + 1 << 20
                    }
                    await sshd.kill()
                    try await eventually("the loss is noticed") { await fixture.status.state != .up }
                    // Its listener stays: a new connection is taken now, and carried when the gateway is back.
                    let plan = ExchangePlan(seed: UInt64(100 + round), up: 200_000, down: 300_000)
                    let held = Task { try await StreamClient.exchange(port: port, plan) }
                    try await eventually("the connection is held") { try await fixture.forward("l").relays.active >= 1 }
                    try await sshd.restart()
                    let accepting = ContinuousClock.now
                    try await fixture.waitUntil("l", is: .up)
                    try await fixture.waitUntil("r", is: .up)
                    times.append(ContinuousClock.now - accepting)
                    let received = try await held.value
                    #expect(received.isExactly(plan.down))
                    traffic.cancel()
                    _ = await traffic.value
                }
                // Of the median, so that one pause of the machine is not taken for a wait.
                #expect(times.sorted()[1] < .seconds(3) && times.allSatisfy { $0 < .seconds(10) }, "\(times)")
                #expect(await fixture.status.connects == 4)
            }
            await target.stop()
        }
    }

    @Test("a connection is held no longer than `hold`, then reset")
    func holdsForBoundedTime() async throws {
        let closedPort = FreePorts.next()
        var held = ForwardConfiguration.local("f", port: FreePorts.next(), to: 1)
        held.hold = .milliseconds(300)
        let configuration = GatewayConfiguration(
            name: "gone", host: "127.0.0.1", port: closedPort, user: "nobody",
            keys: [try await SSHKey.shared(.ed25519, name: "user").path],
            pins: [HostKeyPin(type: "ssh-ed25519", fingerprint: "SHA256:x")], forwards: [held])
        try await GatewayFixture.with(configuration) { fixture in
            try await eventually("an attempt has failed") { await fixture.status.lastError != nil }
            let end = try await StreamClient.with(port: held.spec.listenPort) { await $0.receiveDigest() }
            #expect(end.end != .eof && end.end != .timeout)
            let relays = try await fixture.forward("f").relays
            #expect(relays.ended[RelayResult.holdExpired.rawValue] == 1)
            let status = await fixture.status
            #expect(status.lastError?.cause.reason == .connect)
            #expect(status.lastError?.cause.message.contains("connection refused by 127.0.0.1:\(closedPort)") == true)
        }
    }

    @Test("a server that stops answering is noticed within 16 s, and the gateway heals when it answers again")
    func noticesSilence() async throws {
        try await SSHDFixture.with { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration()) { fixture in
                try await fixture.waitUntil(.up)
                try await eventually("the round trip is measured") { await fixture.status.session?.rttSeconds != nil }
                try await sshd.pause()
                try await eventually(within: .seconds(25), "the silence is noticed") {
                    await fixture.status.lastError?.cause.reason == .timeout
                }
                await sshd.resume()
                try await fixture.waitUntil(.up, within: .seconds(90))
            }
        }
    }

    @Test("what is removed from the configuration drains, what stays is not touched")
    func updatesForwards() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.echo)
            let (kept, removed) = (forward(.local, "kept", to: target), forward(.local, "removed", to: target))
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [kept, removed])) { fixture in
                try await fixture.waitUntil("kept", is: .up)
                try await fixture.waitUntil("removed", is: .up)
                let old = try await StreamClient.connect(port: removed.spec.listenPort)
                let other = try await StreamClient.connect(port: kept.spec.listenPort)
                try await old.send("a")
                #expect(await old.receive(count: 1) == "a")
                let added = forward(.remote, "added", to: target)
                await fixture.gateway.update(sshd.gatewayConfiguration(forwards: [kept, added]))
                try await fixture.waitUntil("added", is: .up)
                try await eventually("nobody listens on the removed port") {
                    guard let client = try? await StreamClient.connect(port: removed.spec.listenPort) else {
                        return true
                    }
                    await client.close()
                    return false
                }
                for (client, text) in [(old, "still"), (other, "there")] {
                    try await client.send(text)
                    #expect(await client.receive(count: 5) == text)
                }
                #expect(await fixture.status.connects == 1)
                await old.close()
                await other.close()
            }
            await target.stop()
        }
    }

    @Test("stopping lets a running transfer end, and takes no new connection")
    func drains() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.exchange)
            let local = forward(.local, "l", to: target)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [local])) { fixture in
                try await fixture.waitUntil("l", is: .up)
                let plan = ExchangePlan(seed: 6, up: 60_000_000, down: 60_000_000)
                async let transfer = StreamClient.exchange(port: local.spec.listenPort, plan)
                try await eventually("the transfer runs") { try await fixture.forward("l").relays.bytesToTarget > 0 }
                await fixture.gateway.stop(drain: .seconds(60))
                #expect(try await transfer.isExactly(plan.down))
                #expect(await fixture.status.state == .stopped)
                await #expect(throws: StreamFailure.self) {
                    try await StreamClient.connect(port: local.spec.listenPort)
                }
            }
            await target.stop()
        }
    }
}
