import BenchContenders
import BenchStreams
import BenchSystem

/// From the start of the program with 1,000 forwards on one gateway until all listen, and until the last one works.
struct StartUpMeasurement: Measurement {
    private let count = 1000

    let name = "startup"
    let figures = ["startup.listening", "startup.usable"]

    func measure(_ bench: Bench) throws {
        let tooMany = Exclusion(names: ["dbclient"], reason: "takes 20 forwards at most")
        let contenders = bench.contenders(for: figures, without: [tooMany, .cipher, .stock])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { contender in
                try sample(bench, contender, alternation)
            }
        }
    }

    private func sample(
        _ bench: Bench, _ contender: Contender, _ alternation: Alternation
    ) throws -> [String: Double] {
        let targets = [Endpoint](repeating: alternation.target.greeter, count: count)
        let plan = ForwardPlan(server: alternation.server, targets: targets)
        let forwarder = try Forwarder(contender, plan, in: bench.directory)
        defer { forwarder.stop() }
        let listening = try forwarder.waitUntilListening()
        try Greetings(through: forwarder.endpoint(count - 1)).greetEventually(within: .seconds(20))
        let usable = Moment.now
        return [
            "startup.listening": listening.seconds(since: forwarder.started),
            "startup.usable": usable.seconds(since: forwarder.started),
        ]
    }
}
