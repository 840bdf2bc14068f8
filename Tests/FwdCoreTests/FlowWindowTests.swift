import FwdCore
import Testing

@Suite struct FlowWindowTests {
    private static let mebibyte = 1024 * 1024

    /// Lives on a path of this round trip that carries `rate` bytes a second for a window of any size.
    private func live(
        _ window: inout FlowWindow, rate: Double, roundTrip: Duration, for time: Duration,
        from start: ContinuousClock.Instant = .start
    ) {
        var now = start
        while now < start + time {
            now += roundTrip
            let carried = min(Double(window.size), rate * (roundTrip / .seconds(1)))
            if let wanted = window.took(Int(carried), roundTrip: roundTrip, now: now) { window.resize(to: wanted) }
        }
    }

    @Test func onALongPathItGrowsToWhatThePathHolds() {
        var window = FlowWindow()
        live(&window, rate: 115e6, roundTrip: .milliseconds(100), for: .seconds(2))
        #expect(window.size >= 11_500_000 && window.size < 18_000_000)
    }

    @Test func onAShortPathItStaysAsItIs() {
        var window = FlowWindow()
        live(&window, rate: 900e6, roundTrip: .microseconds(200), for: .seconds(1))
        #expect(window.size == FlowWindow.Policy.initial)
    }

    @Test func itHasABound() {
        var window = FlowWindow()
        live(&window, rate: 1e9, roundTrip: .milliseconds(300), for: .seconds(20))
        #expect(window.size == FlowWindow.Policy.maximum)
    }

    @Test func aClientThatTakesLittleShrinksItAfterAWhile() {
        var window = FlowWindow()
        live(&window, rate: 115e6, roundTrip: .milliseconds(100), for: .seconds(2))
        let grown = window.size
        let slow = ContinuousClock.Instant.start + .seconds(2)
        live(&window, rate: 1e6, roundTrip: .milliseconds(100), for: .seconds(4), from: slow)
        #expect(window.size == grown)
        live(&window, rate: 1e6, roundTrip: .milliseconds(100), for: .seconds(4), from: slow + .seconds(4))
        #expect(window.size == FlowWindow.Policy.initial)
    }

    @Test func whatIsSentAheadStaysSmallOnAShortPath() {
        var window = FlowWindow.sending
        live(&window, rate: 1e9, roundTrip: .microseconds(60), for: .seconds(1))
        #expect(window.size == FlowWindow.Policy.sendingInitial)
    }

    @Test func whatIsSentAheadFillsALongPathWithinFiveRoundTrips() {
        var window = FlowWindow.sending
        live(&window, rate: 115e6, roundTrip: .milliseconds(50), for: .milliseconds(300))
        #expect(window.size > 2 * Self.mebibyte, "sshd's own window, which is all that it allows")
    }

    @Test func withoutARoundTripNothingChanges() {
        var window = FlowWindow()
        for second in 1...10 {
            let now = ContinuousClock.Instant.start + .seconds(second)
            #expect(window.took(100 * Self.mebibyte, roundTrip: nil, now: now) == nil)
        }
    }

    @Test func aSmallWindowOfARateLimitGrowsFromItsOwnSize() {
        var window = FlowWindow(initial: 65_536)
        live(&window, rate: 1e6, roundTrip: .milliseconds(10), for: .seconds(1))
        #expect(window.size == 65_536)
    }

    @Test func aBudgetGivesNoMoreThanItHas() {
        let budget = WindowBudget(100)
        #expect([60, 60, 1].map { budget.take($0) } == [60, 40, 0])
        budget.give(30)
        #expect(budget.take(50) == 30)
        #expect(budget.left == 0)
    }
}
