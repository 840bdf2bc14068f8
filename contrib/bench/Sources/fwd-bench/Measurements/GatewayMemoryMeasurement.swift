import BenchContenders
import BenchStreams
import BenchSystem

/// Memory of a forwarder for some gateways with four forwards each, each of which has carried a connection.
struct GatewayMemoryMeasurement: Measurement {
    let gateways: Int
    let runs: Int

    var name: String { "memory\(gateways)" }
    let group = "memory"
    var figures: [String] { ["memory.\(gateways)"] }

    func measure(_ bench: Bench) throws {
        try bench.onLoopback { alternation in
            for run in 0..<min(runs, bench.options.runs) {
                for contender in bench.contenders {
                    let bytes = bench.attempt(figures, contender) { try sample(bench, contender, alternation) }
                    guard let bytes else { continue }
                    bench.record(figures[0], contender, run: run, Double(bytes) / 1_048_576)
                }
            }
        }
    }

    private func sample(_ bench: Bench, _ contender: Contender, _ alternation: Alternation) throws -> Int {
        let targets = [Endpoint](repeating: alternation.target.greeter, count: 4)
        let plan = ForwardPlan(server: alternation.server, targets: targets, gateways: gateways)
        let forwarder = try Forwarder(contender, plan, in: bench.directory)
        defer { forwarder.stop() }
        try forwarder.waitUntilListening(within: .seconds(60))
        for forward in plan.gateways.joined() {
            try Greetings(through: Endpoint(port: forward.listen)).greetEventually(within: .seconds(20))
        }
        // What only the start has needed is given back within a second or so, or not at all.
        pause(.seconds(1))
        return forwarder.proportionalBytes
    }
}
