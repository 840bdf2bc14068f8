import FwdCore
import FwdTestSupport
import FwdTunnel
import Synchronization
import Testing

@Suite("Limits of a forward", .serialized)
struct LimitsTests {
    @Test("a client from an address that is not allowed is reset at once, and counted")
    func refusesStrangers() async throws {
        try await withLimits(.local, ForwardLimits(allow: [try range([192, 0, 2, 0], 24)])) { port, target, fixture in
            // The reset may be there before `connect` has returned.
            if let end = try? await StreamClient.with(port: port, { await $0.receiveDigest() }) {
                #expect(end.end != .eof && end.end != .timeout, "\(end.end)")
            }
            try await eventually("it is counted") { try await ended(fixture, .notAllowed) == 1 }
            #expect(try await fixture.forward("f").relays.active == 0)
            #expect(target.totalConnections == 0)
        }
    }

    @Test("a client from one of the allowed ranges is carried")
    func admitsFriends() async throws {
        let ranges = [try range([192, 0, 2, 0], 24), try range([127, 0, 0, 0], 8)]
        try await withLimits(.local, ForwardLimits(allow: ranges)) { port, _, fixture in
            try await StreamClient.with(port: port) { client in
                try await client.send("hello")
                #expect(await client.receive(count: 5) == "hello")
            }
            #expect(try await ended(fixture, .notAllowed) == 0)
        }
    }

    @Test(
        "one connection more than may be carried is refused, and goes through when one has ended",
        arguments: RelayTests.kinds)
    func refusesOneTooMany(kind: ForwardSpec.Kind) async throws {
        try await withLimits(kind, ForwardLimits(maxConnections: 2)) { port, target, fixture in
            let first = try await greeted(port)
            let second = try await greeted(port)
            // The reset may be there before `connect` has returned.
            if let end = try? await StreamClient.with(port: port, { await $0.receiveDigest() }) {
                #expect(end.count == 0 && end.end != .timeout, "\(end)")
            }
            try await eventually("it is counted") { try await ended(fixture, .overLimit) == 1 }
            #expect(target.totalConnections == 2)
            await first.close()
            try await eventually("one has ended") { try await fixture.forward("f").relays.active == 1 }
            let third = try await greeted(port)
            #expect(target.totalConnections == 3)
            await second.close()
            await third.close()
        }
    }

    @Test("3 MB at 1 MB a second take at least 2 s each way, and arrive whole", arguments: RelayTests.kinds)
    func limitsRate(kind: ForwardSpec.Kind) async throws {
        let limits = ForwardLimits(bytesPerSecond: 1_000_000)
        // The target's EOF comes when it has all, so that the client's time is the target's.
        let upload = ExchangePlan(seed: 1, up: 3_000_000, down: 0, order: .clientFirst)
        try await withLimits(kind, limits, .exchange) { port, target, _ in
            async let upTime = time(upload, port)
            async let downTime = time(ExchangePlan(seed: 2, up: 0, down: 3_000_000), port)
            let times = try await (upTime, downTime)
            #expect(times.0 >= .seconds(2))
            #expect(times.1 >= .seconds(2))
            let sent = try await target.exchanged(seed: 1)
            #expect(sent.isExactly(upload.up), "\(sent)")
        }
    }

    @Test("connections share one rate, and all of them get through", arguments: RelayTests.kinds)
    func sharesRate(kind: ForwardSpec.Kind) async throws {
        try await withLimits(kind, ForwardLimits(bytesPerSecond: 1_000_000), .exchange) { port, target, _ in
            // Most bytes go where reading waits for its turn: -L up, -R down. A new channel's window is credit at once.
            let (up, down): (UInt64, UInt64) = kind == .local ? (375_000, 100_000) : (100_000, 375_000)
            let plans = (UInt64(0)..<8).map { ExchangePlan(seed: $0, up: up, down: down, order: .clientFirst) }
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for plan in plans { group.addTask { _ = try await time(plan, port) } }
                try await group.waitForAll()
            }
            #expect(ContinuousClock.now - start >= .seconds(2))
            for plan in plans {
                let sent = try await target.exchanged(seed: plan.seed)
                #expect(sent.isExactly(plan.up), "\(sent)")
            }
        }
    }

    @Test("a connection that carries nothing is ended after the idle timeout", arguments: RelayTests.kinds)
    func endsIdleOnes(kind: ForwardSpec.Kind) async throws {
        try await withLimits(kind, ForwardLimits(idleTimeout: .seconds(2))) { port, target, fixture in
            let client = try await greeted(port)
            let start = ContinuousClock.now
            let end = await client.receiveDigest()
            #expect(end.count == 0 && end.end != .timeout, "\(end)")
            #expect(ContinuousClock.now - start < .seconds(9))
            try await eventually("it is counted") { try await ended(fixture, .idle) == 1 }
            try await eventually("the target's connection has ended") { target.connections == 0 }
            await client.close()
        }
    }

    @Test("traffic slower than the idle timeout, but steady, keeps a connection", arguments: RelayTests.kinds)
    func keepsSteadyOnes(kind: ForwardSpec.Kind) async throws {
        // The target speaks every 200 ms for three times the timeout; the client never.
        let steady = TargetBehaviour.custom { stream in
            for _ in 0..<30 {
                try await stream.write("x")
                try await ContinuousClock().sleep(for: .milliseconds(200))
            }
            try await stream.finish()
            _ = await stream.readToEnd()
        }
        try await withLimits(kind, ForwardLimits(idleTimeout: .seconds(2)), steady) { port, _, fixture in
            try await StreamClient.with(port: port) { client in
                let received = await client.receiveDigest()
                #expect(received.count == 30)
                #expect(received.end == .eof, "\(received.end)")
            }
            #expect(try await ended(fixture, .idle) == 0)
        }
    }
}

/// Runs `body` with one forward with these limits, named "f".
func withLimits(
    _ kind: ForwardSpec.Kind, _ limits: ForwardLimits, _ behaviour: TargetBehaviour = .echo,
    budget: ConnectionBudget = ConnectionBudget(),
    _ body: (UInt16, TargetServer, GatewayFixture) async throws -> Void
) async throws {
    try await SSHDFixture.with { sshd in
        try await TargetServer.with(behaviour) { target in
            var limited = forward(kind, "f", to: target)
            limited.limits = limits
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [limited]), budget: budget) { fixture in
                let port = try #require(try await fixture.waitUntil("f", is: .up).boundPort)
                try await fixture.waitUntil(.up)
                try await body(port, target, fixture)
            }
        }
    }
}

/// A client whose connection is carried: it has heard an echo.
func greeted(_ port: UInt16) async throws -> StreamClient {
    let client = try await StreamClient.connect(port: port)
    try await client.send("hello")
    #expect(await client.receive(count: 5) == "hello")
    return client
}

func ended(_ fixture: GatewayFixture, _ result: RelayResult) async throws -> Int {
    try await fixture.forward("f").relays.ended[result.rawValue] ?? 0
}

private func range(_ network: [UInt8], _ length: Int) throws -> AddressRange {
    try #require(AddressRange(network: network, prefixLength: length))
}

/// How long an exchange takes whose answer is whole.
private func time(_ plan: ExchangePlan, _ port: UInt16) async throws -> Duration {
    let start = ContinuousClock.now
    let received = try await StreamClient.exchange(port: port, plan)
    #expect(received.isExactly(plan.down), "seed \(plan.seed): \(received)")
    return ContinuousClock.now - start
}
