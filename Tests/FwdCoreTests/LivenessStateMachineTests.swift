import FwdCore
import Testing

@Suite("Liveness")
struct LivenessStateMachineTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant {
        start + .milliseconds(Int((seconds * 1000).rounded()))
    }

    private func machine() -> LivenessStateMachine { LivenessStateMachine(Liveness(), now: start) }

    /// Asked at 0 and never answered; nothing else comes.
    private func asked(offset: UInt64 = 100) -> LivenessStateMachine {
        var machine = machine()
        #expect(machine.timerFired(now: start, acknowledged: nil, at: start) == [.ask, .setTimer(at(5))])
        machine.asked(offset: offset, now: start)
        return machine
    }

    @Test("a silent peer is given up after interval times count, not an interval later")
    func silence() {
        var machine = asked()
        #expect(machine.timerFired(now: at(5), acknowledged: nil, at: start) == [.setTimer(at(15))])
        #expect(machine.timerFired(now: at(15), acknowledged: nil, at: start) == [.giveUp(silence: .seconds(15))])
    }

    @Test("silence counts from the last byte, wherever between two questions it came")
    func silenceFromTheLastByte() {
        var machine = asked()
        #expect(machine.answered(now: at(0.05)) == .milliseconds(50))
        machine.received(now: at(4.9))
        #expect(machine.timerFired(now: at(5), acknowledged: nil, at: start) == [.ask, .setTimer(at(10))])
        machine.asked(offset: 200, now: at(5))
        #expect(machine.timerFired(now: at(10), acknowledged: nil, at: start) == [.setTimer(at(19.9))])
        #expect(machine.timerFired(now: at(19.9), acknowledged: nil, at: start) == [.giveUp(silence: .seconds(15))])
    }

    @Test("a busy peer that never answers is not given up")
    func busy() {
        var machine = asked()
        machine.received(now: at(14))
        #expect(machine.timerFired(now: at(15), acknowledged: nil, at: start) == [.setTimer(at(29))])
    }

    @Test("a question that waits behind a slow upload is not late while the upload goes on")
    func slowUpload() {
        var machine = asked(offset: 1000)
        #expect(machine.timerFired(now: at(15), acknowledged: 400, at: at(14)) == [.setTimer(at(29))])
        #expect(machine.timerFired(now: at(29), acknowledged: 900, at: at(28)) == [.setTimer(at(43))])
        #expect(machine.timerFired(now: at(43), acknowledged: 900, at: at(42)) == [.giveUp(silence: .seconds(15))])
    }

    @Test("when a late question has arrived, its answer is due within one interval")
    func arrivedLate() {
        var machine = asked(offset: 1000)
        #expect(machine.timerFired(now: at(15), acknowledged: 1000, at: at(14)) == [.setTimer(at(19))])
        #expect(machine.timerFired(now: at(19), acknowledged: 1000, at: at(14)) == [.giveUp(silence: .seconds(19))])
    }

    @Test("acknowledgements of the question and of what follows prove the kernel, not the server")
    func kernelOnly() {
        var machine = asked(offset: 1000)
        #expect(machine.timerFired(now: at(5), acknowledged: 1000, at: at(1)) == [.setTimer(at(15))])
        #expect(machine.timerFired(now: at(15), acknowledged: 5000, at: at(14)) == [.giveUp(silence: .seconds(15))])
    }

    @Test("a timer that this machine held up gives the peer one more interval")
    func lateTimer() {
        var machine = asked()
        #expect(machine.timerFired(now: at(60), acknowledged: nil, at: start) == [.setTimer(at(65))])
        #expect(machine.timerFired(now: at(65), acknowledged: nil, at: start) == [.giveUp(silence: .seconds(65))])
    }

    @Test("a long sleep without a question out starts with a question, not with the end")
    func sleep() {
        var machine = asked()
        _ = machine.answered(now: at(0.1))
        #expect(machine.timerFired(now: at(3600), acknowledged: nil, at: start) == [.ask, .setTimer(at(3605))])
        machine.asked(offset: 200, now: at(3600))
        #expect(
            machine.timerFired(now: at(3605), acknowledged: nil, at: start) == [
                .giveUp(silence: .milliseconds(3_604_900))
            ])
    }

    @Test("after a change of the network, an answer is due within one interval")
    func doubt() {
        var machine = asked()
        _ = machine.answered(now: at(0.1))
        #expect(machine.doubt(now: at(2)) == [.ask, .setTimer(at(7))])
        machine.asked(offset: 200, now: at(2))
        var other = machine
        #expect(machine.timerFired(now: at(7), acknowledged: nil, at: start) == [.giveUp(silence: .milliseconds(6900))])
        _ = other.answered(now: at(2.1))
        #expect(other.timerFired(now: at(7), acknowledged: nil, at: start) == [.ask, .setTimer(at(12))])
    }

    @Test("a question that could not be asked is asked at the next interval")
    func notAsked() {
        var machine = machine()
        #expect(machine.timerFired(now: start, acknowledged: nil, at: start) == [.ask, .setTimer(at(5))])
        #expect(machine.timerFired(now: at(5), acknowledged: nil, at: start) == [.ask, .setTimer(at(10))])
    }
}
