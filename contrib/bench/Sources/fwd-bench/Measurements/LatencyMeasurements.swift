import BenchContenders
import BenchFigures
import BenchStreams
import BenchSystem
import Foundation

/// Round trips of one byte on a forwarder that has nothing else to do.
struct IdleLatencyMeasurement: Measurement {
    let lengths: SampleLengths

    let name = "latency-idle"
    let group = "latency"
    let figures = ["rtt.idle.p50", "rtt.idle.p99"]

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: [.carriedBySSH, .stock])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, isWarmUp in
                let end = Moment.now + (isWarmUp ? .milliseconds(100) : lengths.roundTrips(forwarder.contender))
                let times = try RoundTrips(through: forwarder.endpoint()).run { _ in Moment.now >= end }
                return latencies("rtt.idle", times)
            }
        }
    }
}

/// Round trips of one byte while a bulk transfer runs on the same session.
struct BusyLatencyMeasurement: Measurement {
    let lengths: SampleLengths

    let name = "latency-bulk"
    let group = "latency"
    let figures = Direction.allCases.flatMap { ["rtt.\($0).p50", "rtt.\($0).p99", "rtt.\($0).bulk"] }

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: [.carriedBySSH, .stock])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, isWarmUp in
                if isWarmUp { return [:] }
                let both = try Direction.allCases.map { try sample($0, forwarder, alternation.target) }
                return both[0].merging(both[1]) { $1 }
            }
        }
    }

    private func sample(
        _ direction: Direction, _ forwarder: Forwarder, _ target: TargetServer
    ) throws -> [String: Double] {
        let duration = lengths.roundTrips(forwarder.contender)
        let ready = DispatchSemaphore(value: 0)
        let bulk = Worker.start {
            let bulk = Bulk(direction, duration: duration + .milliseconds(300))
            return try bulk.run(through: forwarder.endpoint(), to: target, whenReady: { ready.signal() })
        }
        _ = ready.wait(timeout: .now() + 30)
        // Until the transfer has found its speed.
        pause(.milliseconds(200))
        let end = Moment.now + duration
        let times = Result { try RoundTrips(through: forwarder.endpoint()).run(warmUp: 2) { _ in Moment.now >= end } }
        let result = try bulk.result()
        var values = latencies("rtt.\(direction)", try times.get())
        values["rtt.\(direction).bulk"] = result.megabytesPerSecond
        return values
    }
}

/// In microseconds.
private func latencies(_ prefix: String, _ seconds: [Double]) -> [String: Double] {
    var values: [String: Double] = [:]
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        values["\(prefix).\(name)"] = percentile(quantile, of: seconds).map { $0 * 1e6 }
    }
    return values
}
