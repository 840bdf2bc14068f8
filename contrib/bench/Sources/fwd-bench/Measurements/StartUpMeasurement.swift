import BenchContenders
import BenchStreams
import BenchSystem

/// From the start of the program with 1,000 forwards on one gateway until all listen, and until the last one works.
struct StartUpMeasurement: Measurement {
    private let count = 1000

    let name = "startup"
    let figures = ["startup.listening", "startup.usable"]

    func measure(_ bench: Bench) throws {
        try bench.onLoopback { alternation in
            for run in 0..<bench.options.runs {
                for contender in bench.contenders {
                    let times = bench.attempt(figures, contender) { try sample(bench, contender, alternation) }
                    guard let times else { continue }
                    bench.record(figures[0], contender, run: run, times.listening)
                    bench.record(figures[1], contender, run: run, times.usable)
                }
            }
        }
    }

    private func sample(
        _ bench: Bench, _ contender: Contender, _ alternation: Alternation
    ) throws -> (listening: Double, usable: Double) {
        let targets = [Endpoint](repeating: alternation.target.greeter, count: count)
        let plan = ForwardPlan(server: alternation.server, targets: targets)
        let forwarder = try Forwarder(contender, plan, in: bench.directory)
        defer { forwarder.stop() }
        let listening = try forwarder.waitUntilListening(within: .seconds(60))
        try Greetings(through: forwarder.endpoint(count - 1)).greetEventually(within: .seconds(20))
        return (listening.seconds(since: forwarder.started), Moment.now.seconds(since: forwarder.started))
    }
}
