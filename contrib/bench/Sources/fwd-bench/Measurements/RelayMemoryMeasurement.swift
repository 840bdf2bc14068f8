import BenchContenders
import BenchStreams
import BenchSystem

/// What one idle relay costs the forwarder in memory, of 5,000 on one session.
struct RelayMemoryMeasurement: Measurement {
    let runs: Int
    private let count = 5000

    let name = "relays"
    let figures = ["memory.relay"]

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: [.carriedBySSH, .threadPerRelay, .cipher, .stock])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: min(runs, bench.runs)) { contender in
                ["memory.relay": try sample(contender, alternation) / 1024]
            }
        }
    }

    private func sample(_ contender: Contender, _ alternation: Alternation) throws -> Double {
        let forwarder = try alternation.start(contender)
        defer { forwarder.stop() }
        pause(.milliseconds(500))
        let before = forwarder.proportionalBytes
        let held = try HeldConnections(count, through: forwarder.endpoint())
        defer { held.closeAll() }
        pause(.seconds(1))
        return Double(forwarder.proportionalBytes - before) / Double(count)
    }
}
