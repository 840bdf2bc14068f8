import FwdCore
import Testing

@Suite struct ReceiveWindowTests {
    private static let mebibyte = 1024 * 1024

    /// Lives on a path of this round trip that carries `rate` bytes a second for a window of any size.
    private func live(
        _ window: inout ReceiveWindow, rate: Double, roundTrip: Duration, for time: Duration,
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
        var window = ReceiveWindow()
        live(&window, rate: 115e6, roundTrip: .milliseconds(100), for: .seconds(2))
        #expect(window.size >= 11_500_000 && window.size < 18_000_000)
    }

    @Test func onAShortPathItStaysAsItIs() {
        var window = ReceiveWindow()
        live(&window, rate: 900e6, roundTrip: .microseconds(200), for: .seconds(1))
        #expect(window.size == ReceiveWindow.Policy.initial)
    }

    @Test func itHasABound() {
        var window = ReceiveWindow()
        live(&window, rate: 1e9, roundTrip: .milliseconds(300), for: .seconds(20))
        #expect(window.size == ReceiveWindow.Policy.maximum)
    }

    @Test func aClientThatTakesLittleShrinksItAfterAWhile() {
        var window = ReceiveWindow()
        live(&window, rate: 115e6, roundTrip: .milliseconds(100), for: .seconds(2))
        let grown = window.size
        let slow = ContinuousClock.Instant.start + .seconds(2)
        live(&window, rate: 1e6, roundTrip: .milliseconds(100), for: .seconds(4), from: slow)
        #expect(window.size == grown)
        live(&window, rate: 1e6, roundTrip: .milliseconds(100), for: .seconds(4), from: slow + .seconds(4))
        #expect(window.size == ReceiveWindow.Policy.initial)
    }

    @Test func withoutARoundTripNothingChanges() {
        var window = ReceiveWindow()
        for second in 1...10 {
            let now = ContinuousClock.Instant.start + .seconds(second)
            #expect(window.took(100 * Self.mebibyte, roundTrip: nil, now: now) == nil)
        }
    }

    @Test func aSmallWindowOfARateLimitGrowsFromItsOwnSize() {
        var window = ReceiveWindow(initial: 65_536)
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
