import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Relays through a real sshd", .serialized)
struct RelayTests {
    static let kinds: [ForwardSpec.Kind] = [.local, .remote]
    static let orders = HalfCloseOrder.allCases

    @Test("a stream of several MiB each way arrives whole", arguments: kinds, orders)
    func carriesStreams(kind: ForwardSpec.Kind, order: HalfCloseOrder) async throws {
        try await withForward(kind) { port, target, _, _ in
            let plan = ExchangePlan(seed: 1, up: 9_000_001, down: 12_000_003, order: order)
            let received = try await StreamClient.exchange(port: port, plan)
            #expect(received.isExactly(plan.down))
            let sent = try await target.exchanged(seed: 1)
            #expect(sent.isExactly(plan.up))
        }
    }

    @Test("200 connections at once, of random sizes and half-closes, arrive whole and leave nothing", arguments: kinds)
    func carriesManyAtOnce(kind: ForwardSpec.Kind) async throws {
        // Every size and every order of half-closes, the same ones in each run.
        let plans = (0..<200).map { (seed: UInt64) in
            ExchangePlan(
                seed: seed, up: seed &* 2_654_435_761 % 300_007, down: seed &* 40_503_001 % 290_011,
                order: HalfCloseOrder.allCases[Int(seed % 3)])
        }
        try await withForward(kind) { port, target, fixture, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for plan in plans {
                    group.addTask {
                        let received = try await StreamClient.exchange(port: port, plan)
                        #expect(received.isExactly(plan.down), "seed \(plan.seed): \(received)")
                        let sent = try await target.exchanged(seed: plan.seed)
                        #expect(sent.isExactly(plan.up), "seed \(plan.seed): \(sent)")
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("no relay is left") { try await fixture.forward("f").relays.active == 0 }
            #expect(try await fixture.forward("f").relays.ended == [RelayResult.completed.rawValue: 200])
            try await eventually("the target is left too") { target.connections == 0 }
        }
    }

    @Test("the bytes of the counters are the bytes carried", arguments: kinds)
    func countsBytes(kind: ForwardSpec.Kind) async throws {
        try await withForward(kind) { port, _, fixture, _ in
            _ = try await StreamClient.exchange(port: port, seed: 3, up: 100_000, down: 70_000)
            try await eventually("the relay has ended") { try await fixture.forward("f").relays.active == 0 }
            let relays = try await fixture.forward("f").relays
            // The plan's header of 24 bytes goes up first.
            #expect(relays.bytesToTarget == 100_024)
            #expect(relays.bytesFromTarget == 70_000)
        }
    }

    @Test("a target that never reads holds its client back, and no other", arguments: kinds)
    func pushesBack(kind: ForwardSpec.Kind) async throws {
        try await SSHDFixture.with { sshd in
            let stuck = try await TargetServer.start(.neverReads)
            let live = try await TargetServer.start(.exchange)
            let forwards = [forward(kind, "stuck", to: stuck), forward(kind, "live", to: live)]
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                let stuckPort = try #require(try await fixture.waitUntil("stuck", is: .up).boundPort)
                let livePort = try #require(try await fixture.waitUntil("live", is: .up).boundPort)
                let limit: UInt64 = 64 << 20
                try await StreamClient.with(port: stuckPort) { client in
                    let taken = try await client.sendUntilBlocked(limit: limit)
                    #expect(taken < limit, "\(taken) bytes were buffered for a target that reads nothing")
                    let plan = ExchangePlan(seed: 5, up: 3_000_000, down: 3_000_000)
                    let received = try await StreamClient.exchange(port: livePort, plan)
                    #expect(received.isExactly(plan.down))
                }
            }
            await stuck.stop()
            await live.stop()
        }
    }

    @Test("a client that never reads holds its target back, and no other", arguments: kinds)
    func boundsDownloads(kind: ForwardSpec.Kind) async throws {
        try await SSHDFixture.with { sshd in
            let source = try await TargetServer.start(.source(seed: 8, count: 256 << 20))
            let live = try await TargetServer.start(.exchange)
            let forwards = [forward(kind, "source", to: source), forward(kind, "live", to: live)]
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                let sourcePort = try #require(try await fixture.waitUntil("source", is: .up).boundPort)
                let livePort = try #require(try await fixture.waitUntil("live", is: .up).boundPort)
                try await StreamClient.with(port: sourcePort) { client in
                    // One read starts the stream; then the client stops.
                    _ = await client.receive(count: 1)
                    for seed in 0..<5 {
                        let plan = ExchangePlan(seed: UInt64(seed), up: 1_000_000, down: 1_000_000)
                        let received = try await StreamClient.exchange(port: livePort, plan)
                        #expect(received.isExactly(plan.down))
                    }
                    let carried = try await fixture.forward("source").relays
                    #expect(max(carried.bytesFromTarget, carried.bytesToTarget) < 64 << 20)
                }
            }
            await source.stop()
            await live.stop()
        }
    }

    @Test("a target that resets is not taken for one that ended well", arguments: kinds)
    func tellsResetFromEnd(kind: ForwardSpec.Kind) async throws {
        try await withForward(kind, .resets) { port, _, fixture, _ in
            try await StreamClient.with(port: port) { client in
                _ = try? await client.send("anything")
                _ = await client.receiveDigest()
            }
            try await eventually("the relay has ended") { try await fixture.forward("f").relays.active == 0 }
        }
    }

    @Test("a client that resets frees its target at once", arguments: kinds)
    func passesResetOn(kind: ForwardSpec.Kind) async throws {
        try await withForward(kind, .echo) { port, target, fixture, _ in
            let client = try await StreamClient.connect(port: port)
            try await client.send("hello")
            #expect(await client.receive(count: 5) == "hello")
            await client.reset()
            try await eventually("the target's connection has ended") { target.connections == 0 }
            try await eventually("the relay has ended") { try await fixture.forward("f").relays.active == 0 }
        }
    }

    @Test("a session that dies resets its clients: none takes a cut stream for a whole one", arguments: kinds)
    func resetsWhenSessionDies(kind: ForwardSpec.Kind) async throws {
        try await SSHDFixture.with { sshd in
            // The target of -R is at our side: there the target sees the reset. For -L it is the client.
            let target = try await TargetServer.start(.source(seed: 4, count: 1 << 40))
            let configuration = sshd.gatewayConfiguration(forwards: [forward(.local, "f", to: target)])
            try await GatewayFixture.with(configuration) { fixture in
                let port = try #require(try await fixture.waitUntil("f", is: .up).boundPort)
                try await StreamClient.with(port: port) { client in
                    _ = await client.receive(count: 1000)
                    try await sshd.killSessions()
                    let rest = await client.receiveDigest()
                    #expect(rest.end != .eof && rest.end != .timeout, "\(rest.end)")
                }
                try await eventually("the relay is counted as lost") {
                    try await fixture.forward("f").relays.ended[RelayResult.sessionLost.rawValue] == 1
                }
            }
            await target.stop()
        }
    }
}

/// A forward of that kind from a free port to a target.
func forward(_ kind: ForwardSpec.Kind, _ name: String, to target: TargetServer) -> ForwardConfiguration {
    kind == .remote
        ? .remote(name, to: target.port) : .local(name, port: FreePorts.next(), to: target.port)
}

/// Runs `body` with one forward of that kind, named "f": the port to connect to, the target, the gateway, the server.
func withForward(
    _ kind: ForwardSpec.Kind, _ behaviour: TargetBehaviour = .exchange, sshd options: SSHDOptions = .standard,
    _ body: (UInt16, TargetServer, GatewayFixture, SSHDFixture) async throws -> Void
) async throws {
    try await SSHDFixture.with(options) { sshd in
        try await TargetServer.with(behaviour) { target in
            let configuration = sshd.gatewayConfiguration(forwards: [forward(kind, "f", to: target)])
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil("f", is: .up)
                try await body(try #require(status.boundPort), target, fixture, sshd)
            }
        }
    }
}
