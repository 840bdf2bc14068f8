import BenchContenders
import BenchFigures
import BenchLine
import BenchStreams
import BenchSystem

/// Throughput of one relay over a path with a delay, plain TCP on the same path beside it.
struct LineMeasurement: Measurement {
    let delay: Int
    let duration: Duration
    /// The first part of a transfer, in which connections find their speed: not in the main figure.
    let settling: Duration
    let runs: Int?

    var name: String { "line\(delay)" }
    var group: String { "line" }
    var figures: [String] {
        Direction.allCases.flatMap { ["line.\(delay).\($0)", "line.\(delay).\($0).whole"] }
    }

    func measure(_ bench: Bench) throws {
        try bench.onLine(.milliseconds(delay)) { alternation in
            let runs = min(bench.options.runs, self.runs ?? .max)
            alternation.run(bench.contenders, figures: figures, runs: runs) { forwarder, run in
                // A warm-up would find nothing that the next connection remembers.
                if run < 0 { return [:] }
                return try sample(bench, forwarder.contender.name, through: forwarder.endpoint(), alternation)
            }
        }
    }

    private func sample(
        _ bench: Bench, _ name: String, through endpoint: Endpoint, _ alternation: Alternation
    ) throws -> [String: Double] {
        var values: [String: Double] = [:]
        for direction in Direction.allCases {
            let bulk = Bulk(direction, duration: duration)
            let result = try bulk.run(through: endpoint, to: alternation.target, from: alternation.place)
            let figure = "line.\(delay).\(direction)"
            values["\(figure).whole"] = result.megabytesPerSecond
            values[figure] = result.megabytesPerSecond(after: settling)
            bench.results.timelines[figure, default: [:]][name] = result.timeline
        }
        return values
    }
}
