import BenchContenders
import BenchStreams

/// Fresh connections per second on loopback: accept, one byte, close.
struct ConnectionRateMeasurement: Measurement {
    let duration: Duration

    let name = "connections"
    let figures = ["connections.rate"]

    func measure(_ bench: Bench) throws {
        try bench.onLoopback { alternation in
            alternation.run(bench.contenders, figures: figures, runs: bench.options.runs) { forwarder, run in
                let greetings = Greetings(through: forwarder.endpoint(Alternation.greeterForward))
                let length = run < 0 ? .milliseconds(200) : duration
                return ["connections.rate": try greetings.rate(clients: 50, duration: length)]
            }
        }
    }
}
