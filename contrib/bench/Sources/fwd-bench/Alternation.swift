import BenchContenders
import BenchLine
import BenchStreams
import BenchSystem

/// A server and a target, and contenders that are measured by turns: A B C A B C.
struct Alternation {
    let bench: Bench
    let server: SSHServer
    let target: TargetServer
    /// Where forwarders and clients are.
    var place = Place.here

    /// What each forwarder forwards, by number.
    static let workerForward = 0
    static let greeterForward = 1

    /// How many runs are enough for slow contenders, by name; the others get all.
    var fewerRuns: [String: Int] = [:]

    /// After so many failures in one measurement a contender is not tried again.
    private static let patience = 2

    /// Measures each contender once in each run, from its start to its end.
    /// - Parameter sample: its figures.
    func byTurns(
        _ contenders: [Contender], figures: [String], runs: Int, _ sample: (Contender) throws -> [String: Double]
    ) {
        byTurns(contenders, figures: figures, runs: 0..<runs) { contender, _ in try sample(contender) }
    }

    /// The same with contenders that are all started and warmed up before, and run meanwhile.
    /// - Parameter sample: the figures of a running one; those of a warm-up are not recorded.
    func byTurns(
        _ contenders: [Contender], figures: [String], runs: Int,
        _ sample: (_ forwarder: Forwarder, _ isWarmUp: Bool) throws -> [String: Double]
    ) {
        var running: [String: Forwarder] = [:]
        defer { for forwarder in running.values { forwarder.stop() } }
        byTurns(contenders, figures: figures, runs: -1..<runs) { contender, run in
            let forwarder = try running[contender.name] ?? start(contender)
            running[contender.name] = forwarder
            do {
                return try sample(forwarder, run < 0)
            } catch {
                // It gets a fresh start.
                forwarder.stop()
                running[contender.name] = nil
                throw error
            }
        }
    }

    /// Runs before 0 are not recorded.
    private func byTurns(
        _ contenders: [Contender], figures: [String], runs: Range<Int>,
        _ sample: (Contender, _ run: Int) throws -> [String: Double]
    ) {
        var failures: [String: Int] = [:]
        for run in runs {
            for contender in contenders where run < fewerRuns[contender.name, default: .max] {
                guard failures[contender.name, default: 0] < Self.patience else { continue }
                do {
                    let values = try bench.timing(contender) { try sample(contender, run) }
                    if run >= 0 { bench.record(values, contender, run: run) }
                } catch {
                    bench.say("\(contender.name) failed: \(error)")
                    bench.fail(figures, contender, run: run >= 0 ? run : nil, error)
                    failures[contender.name, default: 0] += 1
                }
            }
        }
    }

    /// Starts a contender, and waits until a connection through it works.
    func start(_ contender: Contender) throws -> Forwarder {
        let plan = ForwardPlan(server: server, targets: [target.worker, target.greeter], in: place)
        let forwarder = try Forwarder(contender, plan, in: bench.directory)
        do {
            try forwarder.waitUntilListening()
            let greetings = Greetings(through: forwarder.endpoint(Self.greeterForward), from: place)
            try greetings.greetEventually(within: .seconds(20))
        } catch {
            forwarder.stop()
            throw BenchError("\(error) \(forwarder.lastWords)")
        }
        return forwarder
    }
}

extension Bench {
    /// Runs `body` with a server and a target on loopback.
    func onLoopback(_ body: (Alternation) throws -> Void) throws {
        let server = try SSHServer(directory: directory.directory("sshd-\(Moment.now.nanoseconds)"))
        defer { server.stop() }
        let target = try TargetServer()
        defer { target.stop() }
        try body(Alternation(bench: self, server: server, target: target))
    }

    /// Runs `body` with a server and a target at the far end of a line, and everything else at its near end.
    func onLine(_ roundTrip: Duration, _ body: (Alternation) throws -> Void) throws {
        if let obstacle = DelayLine.obstacle { throw BenchError(obstacle) }
        let line = try DelayLine(LineConditions(roundTrip: roundTrip))
        defer { line.stop() }
        let server = try SSHServer(
            in: line.far, host: line.farHost, directory: directory.directory("sshd-\(Moment.now.nanoseconds)"))
        defer { server.stop() }
        let target = try TargetServer(in: line.far, host: line.farHost)
        defer { target.stop() }
        try body(Alternation(bench: self, server: server, target: target, place: line.near))
        if line.lost > 0 { say("the line lost \(line.lost) packets") }
    }
}
