import BenchContenders
import BenchStreams
import BenchSystem

/// One bulk download alone, and beside a thousand relays that carry nothing.
struct IdleRelaysMeasurement: Measurement {
    let duration: Duration
    private let count = 1000

    let name = "idle"
    let figures = ["idle.alone", "idle.beside", "idle.share"]

    func measure(_ bench: Bench) throws {
        try bench.onLoopback { alternation in
            alternation.run(bench.contenders, figures: figures, runs: bench.options.runs) { forwarder, run in
                if run < 0 { return [:] }
                let bulk = Bulk(.down, duration: duration)
                let alone = try bulk.run(through: forwarder.endpoint(), to: alternation.target)
                let held = try HeldConnections(count, through: forwarder.endpoint())
                let beside = try bulk.run(through: forwarder.endpoint(), to: alternation.target)
                held.closeAll()
                return [
                    "idle.alone": alone.megabytesPerSecond, "idle.beside": beside.megabytesPerSecond,
                    "idle.share": beside.megabytesPerSecond / alone.megabytesPerSecond,
                ]
            }
        }
    }
}
