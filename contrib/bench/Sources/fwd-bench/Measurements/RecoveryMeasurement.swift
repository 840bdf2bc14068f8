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
        let others = Exclusion(
            names: ["ssh", "ssh-gcm", "dbclient", "asyncssh", "sshtunnel"], reason: "does not reconnect by itself")
        let contenders = bench.contenders(for: figures, without: [others, .stock])
        try bench.onLoopback { alternation in
            for run in 0..<min(runs, bench.runs) { try outage(run, contenders, alternation) }
        }
    }

    private func outage(_ run: Int, _ contenders: [Contender], _ alternation: Alternation) throws {
        let bench = alternation.bench
        var forwarders: [Forwarder] = []
        defer { for forwarder in forwarders { forwarder.stop() } }
        for contender in contenders {
            do {
                forwarders.append(try alternation.start(contender))
            } catch {
                bench.fail(figures, contender, run: run, error)
            }
        }
        alternation.server.kill()
        pause(.seconds(outage))
        let waits = forwarders.map { FirstGreeting(of: $0.endpoint(Alternation.greeterForward)) }
        try alternation.server.start()
        let back = Moment.now
        for (forwarder, wait) in zip(forwarders, waits) {
            do {
                let seconds = try wait.moment().seconds(since: back)
                bench.record([figures[0]: max(0, seconds)], forwarder.contender, run: run)
            } catch {
                bench.fail(figures, forwarder.contender, run: run, error)
            }
        }
    }
}

/// Several clients try again and again, each with a short patience, until one has had its byte.
private struct FirstGreeting: Sendable {
    private static let patience = Duration.seconds(45)
    private let workers: [Worker<Moment?>]

    init(of endpoint: Endpoint) {
        let end = Moment.now + Self.patience
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

    func moment() throws -> Moment {
        let moments = try workers.map { try $0.result() }.compactMap { $0 }
        guard let first = moments.min() else { throw BenchError("no byte within \(Self.patience)") }
        return first
    }
}
