import FwdCore
import Testing

@Suite struct BackoffTests {
    @Test func theCeilingDoublesFromHalfASecondToAMinute() {
        var backoff = Backoff()
        let delays = (0..<10).map { _ in backoff.next(jitter: 1) }
        #expect(delays == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    }

    @Test func aResetStartsFromTheBaseAgain() {
        var backoff = Backoff()
        for _ in 0..<20 { _ = backoff.next(jitter: 0) }
        backoff.reset()
        #expect(backoff == Backoff())
        #expect(backoff.next(jitter: 1) == .milliseconds(500))
    }

    @Test func jitterIsFullFromNothingToTheCeiling() {
        var random = SplitMix64(seed: 1)
        var smallest = Duration.seconds(60)
        var largest = Duration.zero
        var backoff = saturated()
        for _ in 0..<10_000 {
            let delay = backoff.next(jitter: Double.random(in: 0..<1, using: &random))
            smallest = min(smallest, delay)
            largest = max(largest, delay)
        }
        #expect(smallest >= .zero && smallest < .milliseconds(100))
        #expect(largest < .seconds(60) && largest > .milliseconds(59_900))
    }

    @Test func theDelayIsTheCeilingTimesTheJitter() {
        for (jitter, seconds) in [(0, 0), (0.25, 15), (0.5, 30), (0.75, 45)] {
            var backoff = saturated()
            #expect(backoff.next(jitter: jitter) == .seconds(seconds))
        }
        var backoff = saturated()
        #expect(backoff.next(jitter: 1.0.nextDown) <= .seconds(60))
    }

    @Test(arguments: [(-1, 0), (-0.0, 0), (1.5, 60), (.infinity, 60), (-.infinity, 0)] as [(Double, Int)])
    func jitterOutsideItsRangeIsClamped(jitter: Double, seconds: Int) {
        var backoff = saturated()
        #expect(backoff.next(jitter: jitter) == .seconds(seconds))
    }

    @Test func tenThousandFailuresNeverOverflowNorChangeTheCap() {
        var backoff = saturated()
        let delays = Set((0..<10_000).map { _ in backoff.next(jitter: 1) })
        #expect(delays == [.seconds(60)])
    }

    @Test func aBaseAboveTheCapGivesTheCap() {
        var backoff = Backoff(base: .seconds(90), cap: .seconds(60))
        #expect((0..<3).map { _ in backoff.next(jitter: 1) } == Array(repeating: .seconds(60), count: 3))
    }

    @Test func aBaseOfZeroNeverWaitsNorOverflows() {
        var backoff = Backoff(base: .zero)
        let delays = Set((0..<1_000).map { _ in backoff.next(jitter: 1) })
        #expect(delays == [.zero])
    }

    private func saturated() -> Backoff {
        var backoff = Backoff()
        for _ in 0..<10 { _ = backoff.next(jitter: 1) }
        return backoff
    }
}
