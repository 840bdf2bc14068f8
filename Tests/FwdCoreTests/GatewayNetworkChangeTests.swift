import FwdCore
import Testing

/// What a changed network does to a gateway's machine.
@Suite struct GatewayNetworkChangeTests {
    typealias Machine = GatewayStateMachine

    static let ofTheNetwork: [Cause.Reason] = [.dns, .connect, .lost, .timeout]

    @Test(arguments: Cause.Reason.allCases)
    func onlyWhatFailedBecauseOfTheNetworkIsTriedAtOnce(reason: Cause.Reason) {
        var machine = waiting(because: Cause(reason, "x"))
        let before = machine.state
        let actions = machine.networkChanged(now: at(.seconds(20)))
        if Self.ofTheNetwork.contains(reason) {
            #expect(actions == [.cancelTimer, .startAttempt(machine.attempt)])
            #expect(machine.state == .resolving)
        } else {
            #expect(actions == [])
            #expect(machine.state == before)
        }
    }

    @Test(arguments: Cause.Reason.allCases)
    func aParkedGatewayStaysParked(reason: Cause.Reason) {
        var machine = waiting(because: Cause(reason, .needsOperator, "x"))
        let before = machine.state
        #expect(machine.networkChanged(now: at(.seconds(20))) == [])
        #expect(machine.state == before)
    }

    @Test func oneChangeIsOneAttemptAndTheNextOneWaitsASecond() {
        var machine = waiting(because: Cause(.connect, "x"))
        #expect(machine.networkChanged(now: at(.seconds(20))) == [.cancelTimer, .startAttempt(machine.attempt)])
        #expect(machine.networkChanged(now: at(.seconds(20))) == [])
        fail(&machine, at: .seconds(21))
        #expect(machine.waiting?.until == at(.seconds(21) + .milliseconds(500)))
        // Nearer than that a change brings no attempt.
        #expect(machine.networkChanged(now: at(.seconds(21))) == [])
    }

    @Test func theDelaysAreShortAgainAfterAChange() {
        var machine = waiting(because: Cause(.connect, "x"))
        _ = machine.networkChanged(now: at(.seconds(20)))
        fail(&machine, at: .seconds(20))
        #expect(machine.waiting?.until == at(.seconds(20) + .milliseconds(500)))
    }

    @Test func anAttemptThatBeganBeforeTheChangeIsFollowedSoonByTheNext() {
        var machine = waiting(because: Cause(.connect, "x"))
        _ = machine.timerFired(now: at(.seconds(60)))
        #expect(machine.networkChanged(now: at(.seconds(61))) == [])
        #expect(machine.state == .resolving)
        fail(&machine, at: .seconds(70))
        #expect(machine.waiting?.until == at(.seconds(70) + .milliseconds(500)))
    }

    @Test func whatIsUpOrStoppedIsLeftAlone() {
        var machine = Machine()
        #expect(machine.networkChanged(now: .start) == [])
        #expect(machine.state == .stopped)
        _ = machine.start()
        machine.resolved(attempt: 1)
        machine.connected(attempt: 1)
        machine.hostVerified(attempt: 1)
        machine.authenticated(attempt: 1, now: .start)
        #expect(machine.networkChanged(now: .start) == [])
        #expect(machine.isUp)
    }

    /// A machine whose delays have grown to a minute, and which fails at time zero.
    private func waiting(because cause: Cause) -> Machine {
        var machine = Machine()
        _ = machine.start()
        for _ in 0..<10 {
            fail(&machine, at: .zero)
            _ = machine.timerFired(now: at(.seconds(60)))
        }
        fail(&machine, at: .zero, cause)
        return machine
    }

    private func fail(_ machine: inout Machine, at time: Duration, _ cause: Cause = Cause(.connect, "x")) {
        _ = machine.failed(attempt: machine.attempt, cause, now: at(time), jitter: 1)
    }
}
