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
        try bench.onLoopback { alternation in
            for run in 0..<min(runs, bench.options.runs) {
                for contender in bench.contenders {
                    let bytes = bench.attempt(figures, contender) { try sample(contender, alternation) }
                    guard let bytes else { continue }
                    bench.record(figures[0], contender, run: run, bytes / 1024)
                }
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
