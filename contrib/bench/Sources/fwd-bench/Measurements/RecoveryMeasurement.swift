import BenchContenders
import BenchStreams
import BenchSystem
import Foundation

/// sshd and all its sessions are killed, and it is started again: how long from its return to the first good byte.
///
/// All contenders wait for the same sshd at the same time: none of them has much to do. Each is started anew for each
/// run, for they remember earlier failures.
struct RecoveryMeasurement: Measurement {
    let outage: Int
    let runs: Int

    var name: String { "recovery\(outage)" }
    let group = "recovery"
    var figures: [String] { ["recovery.\(outage)s"] }

    func measure(_ bench: Bench) throws {
        let contenders = bench.contenders(
            for: figures, without: ["ssh", "ssh-gcm", "dbclient", "asyncssh", "sshtunnel"],
            because: "does not reconnect by itself")
        try bench.onLoopback { alternation in
            for run in 0..<min(runs, bench.options.runs) {
                let forwarders = contenders.compactMap { contender in
                    bench.attempt(figures, contender) { try alternation.start(contender) }
                }
                defer { for forwarder in forwarders { forwarder.stop() } }
                alternation.server.kill()
                pause(.seconds(outage))
                let waits = forwarders.map { FirstGreeting(of: $0.endpoint(Alternation.greeterForward)) }
                try alternation.server.start()
                let back = Moment.now
                for (forwarder, wait) in zip(forwarders, waits) {
                    let moment = bench.attempt(figures, forwarder.contender) { try wait.moment(within: .seconds(45)) }
                    guard let moment else { continue }
                    bench.record(figures[0], forwarder.contender, run: run, max(0, moment.seconds(since: back)))
                }
            }
        }
    }
}

/// Several clients try again and again, each with a short patience, until one has had its byte.
private struct FirstGreeting: Sendable {
    private let workers: [Worker<Moment?>]

    init(of endpoint: Endpoint) {
        let end = Moment.now + .seconds(45)
        let found = OnceFlag()
        workers = (0..<8).map { _ in
            Worker.start {
                while Moment.now < end, !found.isSet {
                    if (try? Greetings(through: endpoint).greet(timeout: .milliseconds(400))) != nil {
                        found.set()
                        return .now
                    }
                    pause(.milliseconds(40))
                }
                return nil
            }
        }
    }

    func moment(within limit: Duration) throws -> Moment {
        let moments = try workers.map { try $0.result() }.compactMap { $0 }
        guard let first = moments.min() else { throw BenchError("no byte within \(limit)") }
        return first
    }
}
