import FwdCore
import Testing

@Suite("Token bucket")
struct TokenBucketTests {
    static let start = ContinuousClock.now

    @Test("what is saved up flows at once, and the debt of one large read is paid off before the next")
    func paysDebtOff() {
        var bucket = TokenBucket(bytesPerSecond: 1_000_000, now: Self.start)
        #expect(bucket.delay(now: Self.start) == .zero)
        bucket.spend(100_000, now: Self.start)
        #expect(bucket.delay(now: Self.start) == .zero)
        bucket.spend(2_000_000, now: Self.start)
        #expect(bucket.delay(now: Self.start) == .seconds(2))
        #expect(bucket.delay(now: Self.start + .milliseconds(500)) == .milliseconds(1500))
        #expect(bucket.delay(now: Self.start + .seconds(2)) == .zero)
    }

    @Test("an idle time of any length saves up a tenth of a second's worth")
    func savesLittle() {
        var bucket = TokenBucket(bytesPerSecond: 1_000_000, now: Self.start)
        let later = Self.start + .seconds(86_400)
        bucket.spend(1_100_000, now: later)
        #expect(bucket.delay(now: later) == .seconds(1))
    }

    @Test("after its own delay there is no more debt, at any rate", arguments: [1, 3, 7, 1000, 999_983, Int.max])
    func delayIsEnough(rate: Int) {
        var bucket = TokenBucket(bytesPerSecond: rate, now: Self.start)
        var now = Self.start
        for count in [5000, 1, 262_144, 17] {
            bucket.spend(count, now: now)
            now += bucket.delay(now: now)
            #expect(bucket.delay(now: now) == .zero)
        }
    }

    @Test("time that goes backwards and a rate of nothing do no harm")
    func survivesNonsense() {
        var bucket = TokenBucket(bytesPerSecond: 0, now: Self.start)
        bucket.spend(5096, now: Self.start - .seconds(5))
        #expect(bucket.delay(now: Self.start - .seconds(9)) == .seconds(1000))
    }
}
