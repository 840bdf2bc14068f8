import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// What the clients of a forward do.
extension FaultRow {
    static let clientRows = [neverReading, vanishing, halfClosing, crowd]

    private static let neverReading = FaultRow(
        "clients that never read", holds: "they cost a window each, not the stream; nobody else waits for them"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            let source = try await TargetServer.start(.source(seed: 1, count: 64 << 20))
            let port = try await scene.lead(to: [source.port])[0]
            let before = scene.fixture.process.counters.residentBytes
            var clients: [StreamClient] = []
            for _ in 0..<20 { clients.append(try await StreamClient.connect(port: port)) }
            try await eventually("the target has met them all") { source.totalConnections == 20 }
            try await scene.proveBoth(5)
            let growth = scene.fixture.process.counters.residentBytes - before
            #expect(growth < 160 << 20)
            findings.note("20 of them, \(growth >> 20) MiB more")
            for client in clients { await client.reset() }
            try await scene.waitUntilSettled()
            await source.stop()
        }
    }

    private static let vanishing = FaultRow(
        "clients that vanish in the middle", holds: "their relays end on both sides"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            let source = try await TargetServer.start(.source(seed: 2, count: 64 << 20))
            let port = try await scene.lead(to: [source.port])[0]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let client = try await StreamClient.connect(port: port)
                        _ = await client.receive(count: 1)
                        await client.reset()
                    }
                }
                try await group.waitForAll()
            }
            try await scene.waitUntilSettled()
            try await eventually("the target is left too") { source.connections == 0 }
            findings.note("100 of them")
            await source.stop()
        }
    }

    private static let halfClosing = FaultRow(
        "clients that half-close", holds: "the other direction goes on to its end, whoever closes first"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            for order in HalfCloseOrder.allCases {
                for route in [scene.local, scene.remote] {
                    let next = Exchanges.next(up: 20_000, down: 2 << 20)
                    let plan = ExchangePlan(seed: next.seed, up: next.up.count, down: next.down.count, order: order)
                    try await Exchanges.prove(plan, route)
                }
            }
            try await scene.waitUntilSettled()
        }
    }

    private static let crowd = FaultRow(
        "5,000 clients at once", holds: "each is served whole; descriptors and relays come back to what they were",
        unless: raisedDescriptorLimit() < 16_000 ? "needs a descriptor limit of 16,000" : nil
    ) { findings in
        var options = FaultScene.Options()
        options.logLevel = "info"
        try await FaultScene.with(findings, options) { scene in
            try await scene.waitUntilSettled()
            let before = scene.fixture.process.counters.openDescriptors
            let start = ContinuousClock.now
            let count = FaultScale.count(5000)
            let failures = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<count { group.addTask { await failure(of: scene.local) } }
                return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            let ended = try await scene.status.forwards.first?.relays.ended ?? [:]
            #expect(
                failures.isEmpty, "not served: \(Set(failures).sorted().prefix(5)); relays ended: \(ended)")
            findings.note("\(count - failures.count) of \(count) served in \(seconds(since: start)) s")
            try await scene.waitUntilSettled()
            // Overflow sessions stay for 30 s.
            try await eventually(within: .seconds(90), "descriptors are as before") {
                scene.fixture.process.counters.openDescriptors <= before + 8
            }
        }
    }

    /// Why one client was not served whole; `nil` if it was.
    private static func failure(of route: FaultTraffic.Route) async -> String? {
        let plan = Exchanges.next(up: 2000, down: 3000)
        do {
            let received = try await StreamClient.exchange(
                port: route.port, plan, within: .seconds(120), connectingWithin: .seconds(60))
            guard received.isExactly(plan.down) else { return "\(received.count) bytes, then \(received.end)" }
            let sent = try await route.target.exchanged(seed: plan.seed)
            return sent.isExactly(plan.up) ? nil : "\(sent.count) bytes up, then \(sent.end)"
        } catch {
            return (error as? StreamFailure).map { "\($0.end)" } ?? "\(error)"
        }
    }

    /// The tests hold both ends of each connection.
    private static func raisedDescriptorLimit() -> UInt64 {
        let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(descriptors, &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        setrlimit(descriptors, &limit)
        return UInt64(limit.rlim_cur)
    }
}
