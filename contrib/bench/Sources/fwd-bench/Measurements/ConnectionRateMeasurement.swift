import BenchContenders
import BenchStreams

/// Fresh connections per second on loopback: accept, one byte, close.
struct ConnectionRateMeasurement: Measurement {
    let duration: Duration

    let name = "connections"
    let figures = ["connections.rate"]

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(for: figures, without: [.carriedBySSH])
        try bench.onLoopback { alternation in
            alternation.byTurns(contenders, figures: figures, runs: bench.runs) { forwarder, isWarmUp in
                let greetings = Greetings(through: forwarder.endpoint(Alternation.greeterForward))
                let length = isWarmUp ? .milliseconds(100) : duration
                return ["connections.rate": try greetings.rate(clients: 50, duration: length)]
            }
        }
    }
}
