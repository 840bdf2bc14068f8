import BenchContenders
import BenchStreams
import BenchSystem

/// One bulk download alone, and beside a thousand relays that carry nothing.
struct IdleRelaysMeasurement: Measurement {
    let lengths: SampleLengths
    private let count = 1000

    let name = "idle"
    let figures = ["idle.alone", "idle.beside", "idle.share"]

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: [.carriedBySSH, .threadPerRelay, .cipher, .stock])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, isWarmUp in
                if isWarmUp { return [:] }
                let bulk = Bulk(.down, duration: lengths.bulk(forwarder.contender))
                let alone = try bulk.run(through: forwarder.endpoint(), to: alternation.target)
                let held = try HeldConnections(count, through: forwarder.endpoint())
                defer { held.closeAll() }
                let beside = try bulk.run(through: forwarder.endpoint(), to: alternation.target)
                return [
                    "idle.alone": alone.megabytesPerSecond, "idle.beside": beside.megabytesPerSecond,
                    "idle.share": beside.megabytesPerSecond / alone.megabytesPerSecond,
                ]
            }
        }
    }
}

extension Exclusion {
    static let threadPerRelay = Exclusion(
        names: ["sshtunnel"], reason: "takes a thread for each connection: not tried with thousands")
}
