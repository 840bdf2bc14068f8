import FwdCore
import Testing

@Suite("A gateway with several servers")
struct SeveralServersTests {
    private let start = ContinuousClock.now
    private let refused = Cause(.auth, .needsOperator, "no credential was accepted")
    private let gone = Cause(.connect, "connection refused")

    private func machine(failing causes: [Cause] = []) -> GatewayStateMachine {
        var machine = GatewayStateMachine(servers: 3)
        _ = machine.start()
        for cause in causes { _ = machine.failed(attempt: machine.attempt, cause, now: start, jitter: 0.5) }
        return machine
    }

    private func up(_ machine: GatewayStateMachine, attempt: Int) -> GatewayStateMachine {
        var machine = machine
        machine.resolved(attempt: attempt)
        machine.connected(attempt: attempt)
        machine.hostVerified(attempt: attempt)
        machine.authenticated(attempt: attempt, now: start)
        return machine
    }

    @Test("the next server is tried at once, in order, and only a whole round that failed waits")
    func round() {
        var machine = machine()
        #expect(machine.server == 0)
        #expect(machine.failed(attempt: 1, gone, now: start, jitter: 0.5) == [.dropSession, .startAttempt(2)])
        #expect(machine.server == 1)
        #expect(machine.failed(attempt: 2, gone, now: start, jitter: 0.5) == [.dropSession, .startAttempt(3)])
        #expect(machine.server == 2)
        let until = start + .milliseconds(250)
        #expect(machine.failed(attempt: 3, gone, now: start, jitter: 0.5) == [.setTimer(until), .dropSession])
        #expect(machine.state == .backingOff(until: until, gone))
        #expect(machine.server == 0)
    }

    @Test("a gateway is parked only where no server can be had without a person")
    func parking() {
        #expect(machine(failing: [refused, refused, refused]).publicState == .parked)
        let mixed = machine(failing: [refused, gone, refused])
        #expect(mixed.publicState == .backingOff)
        #expect(mixed.waiting?.cause == gone)
    }

    @Test("a gateway that has failed back is at the preferred server, one that is not up stays where it is")
    func failback() {
        var machine = up(machine(failing: [gone]), attempt: 2)
        #expect(machine.server == 1)
        machine.failedBack()
        #expect(machine.server == 0)
        #expect(machine.isUp)
        var trying = self.machine(failing: [gone])
        trying.failedBack()
        #expect(trying.server == 1)
    }

    @Test("a session that is lost starts a new round at the preferred server")
    func loss() {
        var machine = up(machine(failing: [gone]), attempt: 2)
        #expect(machine.isUp)
        #expect(machine.server == 1)
        _ = machine.failed(attempt: 2, Cause(.lost, "reset"), now: start, jitter: 0.5)
        #expect(machine.publicState == .backingOff)
        #expect(machine.server == 0)
    }
}
