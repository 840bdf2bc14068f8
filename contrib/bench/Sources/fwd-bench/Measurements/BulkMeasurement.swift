import BenchContenders
import BenchStreams
import BenchSystem
import Synchronization

/// Throughput of some relays at once on loopback, and the forwarder's CPU for it.
struct BulkMeasurement: Measurement {
    let relays: Int
    let lengths: SampleLengths

    var name: String { "bulk\(relays)" }
    var group: String { "bulk" }
    var figures: [String] {
        Direction.allCases.flatMap { ["bulk.\($0).\(relays)", "cpu.\($0).\(relays)"] }
    }

    private var exclusions: [Exclusion] {
        switch relays {
        case 1: []
        case 4: [.carriedBySSH, .slow, .stock, .moreRelays]
        default: [.carriedBySSH, .slow, .stock]
        }
    }

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: exclusions)
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, isWarmUp in
                var values: [String: Double] = [:]
                for direction in Direction.allCases {
                    let duration = isWarmUp ? .milliseconds(300) : lengths.bulk(forwarder.contender)
                    let bulk = Bulk(direction, relays: relays, duration: duration)
                    let (result, cpu) = try bulk.run(through: forwarder, to: alternation.target)
                    values["bulk.\(direction).\(relays)"] = result.megabytesPerSecond
                    values["cpu.\(direction).\(relays)"] = cpu / result.gigabytes
                }
                return values
            }
        }
    }
}

extension Bulk {
    /// The same with the CPU seconds that the forwarder took for it.
    func run(through forwarder: Forwarder, to target: TargetServer) throws -> (BulkResult, cpuSeconds: Double) {
        let before = Mutex(0.0)
        let endpoint = forwarder.endpoint(Alternation.workerForward)
        let result = try run(through: endpoint, to: target, from: forwarder.plan.place) {
            before.withLock { $0 = forwarder.cpuSeconds }
        }
        return (result, forwarder.cpuSeconds - before.withLock { $0 })
    }
}

extension Exclusion {
    static let slow = Exclusion(names: ["sshtunnel"], reason: "measured with 1 relay only: it takes long")
    static let moreRelays = Exclusion(names: ["dbclient", "asyncssh"], reason: "measured with 1 and 32 relays")
}
