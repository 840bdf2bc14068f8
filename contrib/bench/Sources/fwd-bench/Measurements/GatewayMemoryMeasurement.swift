import BenchContenders
import BenchStreams
import BenchSystem

/// Memory of a forwarder for some gateways with four forwards each, each of which has carried a connection.
struct GatewayMemoryMeasurement: Measurement {
    let gateways: Int
    let runs: Int

    var name: String { "memory\(gateways)" }
    let group = "memory"
    var figures: [String] { ["memory.\(gateways)"] + (gateways == 50 ? ["memory.50.rss"] : []) }

    func measure(_ bench: Bench) throws {
        let fifty = Exclusion(names: ["asyncssh", "sshtunnel"], reason: "fifty times its figure for one gateway")
        let contenders = bench.contenders(
            for: figures, without: gateways == 1 ? [.cipher, .stock] : [fifty, .cipher, .stock])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: min(runs, bench.runs)) { contender in
                try sample(bench, contender, alternation)
            }
        }
    }

    private func sample(
        _ bench: Bench, _ contender: Contender, _ alternation: Alternation
    ) throws -> [String: Double] {
        let targets = [Endpoint](repeating: alternation.target.greeter, count: 4)
        let plan = ForwardPlan(server: alternation.server, targets: targets, gateways: gateways)
        let forwarder = try Forwarder(contender, plan, in: bench.directory)
        defer { forwarder.stop() }
        try forwarder.waitUntilListening(within: .seconds(60))
        let ports = plan.gateways.joined().map(\.listen)
        let clients = min(8, ports.count)
        _ = try onThreads(clients) { number in
            for index in stride(from: number, to: ports.count, by: clients) {
                try Greetings(through: Endpoint(port: ports[index])).greetEventually(within: .seconds(20))
            }
        }
        // What only the start has needed is given back within a second or so, or not at all.
        pause(.seconds(1))
        let sizes = [forwarder.proportionalBytes, forwarder.residentBytes].map { Double($0) / 1_048_576 }
        return Dictionary(uniqueKeysWithValues: zip(figures, sizes))
    }
}
