import BenchContenders
import BenchStreams
import BenchSystem

/// 50 connections at the same time on a path with a delay: the time to the last one's first byte.
struct BurstMeasurement: Measurement {
    let name = "burst"
    let figures = ["burst.50ms"]

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: [.carriedBySSH])
        try bench.onLine(.milliseconds(50)) { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, _ in
                let endpoint = forwarder.endpoint(Alternation.greeterForward)
                let times = try Greetings(through: endpoint, from: alternation.place).burst(of: 50)
                // The closes of this run are no part of the next one.
                pause(.milliseconds(300))
                return ["burst.50ms": times.last ?? 0]
            }
        }
    }
}
