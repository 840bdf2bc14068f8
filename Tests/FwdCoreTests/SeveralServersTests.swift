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

    @Test("a session that is lost starts a new round at the preferred server")
    func loss() {
        var machine = machine(failing: [gone])
        machine.resolved(attempt: 2)
        machine.connected(attempt: 2)
        machine.hostVerified(attempt: 2)
        machine.authenticated(attempt: 2, now: start)
        #expect(machine.isUp)
        #expect(machine.server == 1)
        _ = machine.failed(attempt: 2, Cause(.lost, "reset"), now: start, jitter: 0.5)
        #expect(machine.publicState == .backingOff)
        #expect(machine.server == 0)
    }
}
