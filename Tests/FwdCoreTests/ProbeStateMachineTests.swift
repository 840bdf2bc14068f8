import FwdCore
import Testing

@Suite("When a forward is probed")
struct ProbeStateMachineTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// Probe 1 has begun at 0.
    private func running(_ probe: Probe = Probe(every: .seconds(30))) -> ProbeStateMachine {
        var machine = ProbeStateMachine(probe)
        #expect(machine.ready(now: start, jitter: 0) == [.setTimer(start)])
        #expect(machine.timerFired(now: start) == [.start(1)])
        return machine
    }

    @Test("a success is followed by the next probe one interval after its start")
    func success() {
        var machine = running()
        #expect(machine.succeeded(1, now: at(4)) == [.setTimer(at(30))])
        #expect(machine.timerFired(now: at(29)) == [.setTimer(at(30))])
        #expect(machine.timerFired(now: at(30)) == [.start(2)])
    }

    @Test("a failure is asked about again soon, then less often, never less than the interval says")
    func failure() {
        var machine = running()
        var now = 0
        for (number, delay) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30)] {
            #expect(machine.failed(number, isTimeout: false, now: at(now)) == [.setTimer(at(now + delay))])
            now += delay
            #expect(machine.timerFired(now: at(now)) == [.start(number + 1)])
        }
    }

    @Test("a target that does not answer at all is asked less and less, down to once in five minutes")
    func timeouts() {
        var machine = running()
        var now = 0
        for (number, delay) in [(1, 30), (2, 60), (3, 120), (4, 240), (5, 300), (6, 300)] {
            #expect(machine.failed(number, isTimeout: true, now: at(now)) == [.setTimer(at(now + delay))])
            now += delay
            #expect(machine.timerFired(now: at(now)) == [.start(number + 1)])
        }
    }

    @Test("a forward that cannot carry is not probed, and what runs is forgotten")
    func unready() {
        var machine = running()
        #expect(machine.unready() == [.cancelTimer, .abort(1)])
        #expect(machine.succeeded(1, now: at(1)).isEmpty)
        #expect(machine.timerFired(now: at(60)).isEmpty)
        #expect(machine.ready(now: at(60), jitter: 0.5) == [.setTimer(at(60) + .milliseconds(500))])
        #expect(machine.unready() == [.cancelTimer])
        #expect(machine.unready().isEmpty)
    }

    @Test("a user's connection proves as much as a probe by connection, and puts the next one off")
    func connection() {
        var machine = running()
        _ = machine.failed(1, isTimeout: false, now: at(1))
        let (isProof, actions) = machine.connectionSucceeded(now: at(2))
        #expect(isProof)
        #expect(actions == [.setTimer(at(32))])
    }

    @Test("it does not prove what a probe asks for in words, but makes one that failed ask again at once")
    func connectionIsNotEnough() {
        var machine = running(Probe(.expect("SSH-2.0"), every: .seconds(30)))
        _ = machine.failed(1, isTimeout: false, now: at(1))
        let (isProof, actions) = machine.connectionSucceeded(now: at(1))
        #expect(!isProof)
        #expect(actions == [.setTimer(at(1))])
    }

    @Test("a user's connection that fails brings the next probe forward, once")
    func failedConnection() {
        var machine = running()
        _ = machine.succeeded(1, now: at(1))
        #expect(machine.connectionFailed(now: at(5)) == [.setTimer(at(6))])
        #expect(machine.connectionFailed(now: at(5)).isEmpty)
    }
}
