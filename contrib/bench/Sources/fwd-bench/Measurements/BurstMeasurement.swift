import BenchContenders
import BenchStreams
import BenchSystem

/// 50 connections at the same time on a path with a delay: the time to the last one's first byte.
struct BurstMeasurement: Measurement {
    let name = "burst"
    let figures = ["burst.50ms"]

    func measure(_ bench: Bench) throws {
        try bench.onLine(.milliseconds(50)) { alternation in
            alternation.run(bench.contenders, figures: figures, runs: bench.options.runs) { forwarder, _ in
                let endpoint = forwarder.endpoint(Alternation.greeterForward)
                let times = try Greetings(through: endpoint, from: alternation.place).burst(of: 50)
                // A run that follows at once would meet the closes of this one.
                pause(.milliseconds(300))
                return ["burst.50ms": times.last ?? 0]
            }
        }
    }
}
