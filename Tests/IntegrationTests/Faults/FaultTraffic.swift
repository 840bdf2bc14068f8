import FwdTestSupport
import Synchronization
import Testing

/// Exchanges that go on, one after another, for as long as a fault lasts.
final class FaultTraffic: Sendable {
    /// A way for exchanges: the port of a forward, and the target that it leads to.
    struct Route: Sendable {
        let host: String
        let port: UInt16
        let target: TargetServer
        /// Whether the fault may break its connections.
        let mayBreak: Bool
        /// Whether sshd stands between a break and the client. SSH has nothing that means "reset" (RFC 4254, 5.3): of a
        /// break behind it, or of a lost session in front of its own clients, sshd makes an ordinary end.
        let mayEndShort: Bool

        init(host: String = "127.0.0.1", port: UInt16, target: TargetServer, mayBreak: Bool, mayEndShort: Bool = false)
        {
            self.host = host
            self.port = port
            self.target = target
            self.mayBreak = mayBreak
            self.mayEndShort = mayEndShort
        }
    }

    struct Counts {
        var whole = 0
        var broken: [String] = []
        /// Said to be complete, but not what was sent.
        var wrong: [String] = []
        /// Broken, though the fault was elsewhere.
        var disturbed: [String] = []
    }

    private let values = Mutex(Counts())
    private let isOver = Mutex(false)

    var counts: Counts { values.withLock { $0 } }

    /// Runs `body` while every route carries exchanges, then lets the last ones end, and checks them.
    static func flowing(
        _ routes: [Route], pause: Duration, isolation: isolated (any Actor)? = #isolation,
        _ body: (FaultTraffic) async throws -> Void
    ) async throws -> Counts {
        let traffic = FaultTraffic()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for route in routes { group.addTask { await traffic.carry(route, pause) } }
            defer { traffic.isOver.withLock { $0 = true } }
            try await body(traffic)
            traffic.isOver.withLock { $0 = true }
            try await group.waitForAll()
        }
        let counts = traffic.counts
        #expect(counts.wrong.isEmpty, "bytes were changed, lost or cut off in silence: \(counts.wrong.prefix(3))")
        #expect(counts.disturbed.isEmpty, "connections away from the fault broke: \(counts.disturbed.prefix(3))")
        #expect(counts.whole > 0, "nothing was carried")
        return counts
    }

    private func carry(_ route: Route, _ pause: Duration) async {
        while !isOver.withLock({ $0 }) {
            let plan = Exchanges.next(up: 60_000, down: 90_000)
            do {
                try await Exchanges.prove(plan, route, within: .seconds(40))
                values.withLock { $0.whole += 1 }
            } catch let error as WrongBytes {
                values.withLock { $0.wrong.append(error.description) }
            } catch {
                values.withLock { values in
                    values.broken.append("\(error)")
                    if !route.mayBreak { values.disturbed.append("\(error)") }
                }
            }
            try? await ContinuousClock().sleep(for: pause)
        }
    }
}

/// A stream ended as if it were complete, with other bytes than were sent.
struct WrongBytes: Error, CustomStringConvertible {
    let description: String
}

/// Exchanges with seeds of their own.
enum Exchanges {
    private static let last = Mutex<UInt64>(0)

    /// The target half-closes last, so a client that has its EOF knows that everything went up.
    static func next(up: UInt64, down: UInt64) -> ExchangePlan {
        let number = last.withLock { last in
            last += 1
            return last
        }
        let seed = FaultSeed.base << 32 | number
        return ExchangePlan(
            seed: seed, up: up + seed % 4099, down: down + seed % 3001, order: .clientFirst)
    }

    /// One exchange, compared by hash at both ends.
    /// - Throws: `WrongBytes`, or `StreamFailure` where the connection broke.
    static func prove(
        _ plan: ExchangePlan, _ route: FaultTraffic.Route, within deadline: Duration = .seconds(60)
    ) async throws {
        let received = try await StreamClient.exchange(host: route.host, port: route.port, plan, within: deadline)
        guard received.end == .eof else { throw StreamFailure("exchange \(plan.seed)", received.end) }
        if received.count < plan.down.count, route.mayEndShort {
            let beginning = SeededBytes(seed: plan.down.seed, count: received.count)
            guard received.isExactly(beginning) else { throw wrong("down", received, plan.down, route) }
            throw StreamFailure("exchange \(plan.seed)", .eof)
        }
        guard received.isExactly(plan.down) else { throw wrong("down", received, plan.down, route) }
        let sent = try await route.target.exchanged(seed: plan.seed)
        guard sent.end == .eof else { throw StreamFailure("exchange \(plan.seed) at its target", sent.end) }
        guard sent.isExactly(plan.up) else { throw wrong("up", sent, plan.up, route) }
    }

    private static func wrong(
        _ direction: String, _ received: ReceivedStream, _ expected: SeededBytes, _ route: FaultTraffic.Route
    ) -> WrongBytes {
        WrongBytes(
            description: "port \(route.port), seed \(expected.seed) \(direction): \(received), "
                + "\(expected.count) were sent")
    }
}
