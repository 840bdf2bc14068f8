import BenchContenders
import BenchLine
import BenchStreams
import BenchSystem

/// The contenders of a measurement, all started, measured by turns: A B C A B C.
struct Alternation {
    let bench: Bench
    let server: SSHServer
    let target: TargetServer
    /// Where forwarders and clients are.
    var place = Place.here

    /// What each forwarder forwards, by number.
    static let workerForward = 0
    static let greeterForward = 1

    /// - Parameters:
    ///   - contenders: those for which the figures make sense.
    ///   - figures: that a failure leaves without a value.
    ///   - sample: measures one contender once; run -1 warms up and is not recorded.
    func run(
        _ contenders: [Contender], figures: [String], runs: Int,
        _ sample: (_ forwarder: Forwarder, _ run: Int) throws -> [String: Double]
    ) {
        var entries = contenders.map { Entry(contender: $0) }
        defer { for entry in entries { entry.forwarder?.stop() } }
        for run in -1..<runs {
            for index in entries.indices where entries[index].failures < 2 {
                do {
                    let forwarder = try entries[index].running { try start($0) }
                    let values = try sample(forwarder, run)
                    guard run >= 0 else { continue }
                    for (figure, value) in values { bench.record(figure, forwarder.contender, run: run, value) }
                } catch {
                    bench.say("\(entries[index].contender.name) failed: \(error)")
                    bench.fail(figures, entries[index].contender, "\(error)")
                    entries[index].giveUp()
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

    private struct Entry {
        let contender: Contender
        var forwarder: Forwarder?
        var failures = 0

        mutating func running(_ start: (Contender) throws -> Forwarder) throws -> Forwarder {
            if let forwarder { return forwarder }
            let started = try start(contender)
            forwarder = started
            return started
        }

        mutating func giveUp() {
            failures += 1
            forwarder?.stop()
            forwarder = nil
        }
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
}

extension Bench {
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
