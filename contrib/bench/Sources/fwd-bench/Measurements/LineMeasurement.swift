import BenchContenders
import BenchFigures
import BenchStreams
import BenchSystem

/// Throughput of one relay over a path with a delay, plain TCP on the same path beside it.
struct LineMeasurement: Measurement {
    let delay: Int
    let lengths: SampleLengths

    var name: String { "line\(delay)" }
    var group: String { "line" }
    var figures: [String] {
        Direction.allCases.flatMap { ["line.\(delay).\($0)", "line.\(delay).\($0).whole"] }
    }

    func measure(_ bench: Bench) throws {
        let exclusions: [Exclusion] =
            [.carriedBySSH, .cipher, .stock, .tooSlow] + (delay == 100 ? [] : [.onlyOnTheLongestPath])
        let forwarders = bench.contenders(for: figures, without: exclusions).filter { $0.name != "tcp" }
        let contenders = forwarders + [.plainTCP]
        try bench.onLine(.milliseconds(delay)) { alternation in
            var alternation = alternation
            alternation.fewerRuns = ["dbclient": 2, "asyncssh": 2, "tcp": 3]
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, isWarmUp in
                // A warm-up would find nothing that the next connection remembers.
                isWarmUp ? [:] : try sample(bench, forwarder, alternation)
            }
        }
    }

    private func sample(
        _ bench: Bench, _ forwarder: Forwarder, _ alternation: Alternation
    ) throws -> [String: Double] {
        let (transfer, settling) = lengths.line(delay)
        var values: [String: Double] = [:]
        for direction in Direction.allCases {
            let bulk = Bulk(direction, duration: transfer, longPath: forwarder.processes.isEmpty)
            let result = try bulk.run(
                through: forwarder.endpoint(), to: alternation.target, from: alternation.place)
            let figure = "line.\(delay).\(direction)"
            values["\(figure).whole"] = result.megabytesPerSecond
            values[figure] = result.megabytesPerSecond(after: settling)
            bench.results.timelines[figure, default: [:]][forwarder.contender.name] = result.timeline
        }
        return values
    }
}

extension Exclusion {
    static let tooSlow = Exclusion(names: ["sshtunnel"], reason: "too slow for a figure about the path")
    static let onlyOnTheLongestPath = Exclusion(
        names: ["dbclient", "asyncssh"], reason: "measured at 100 ms only")
}
