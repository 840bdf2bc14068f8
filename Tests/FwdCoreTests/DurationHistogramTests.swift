import Foundation
import FwdCore
import Testing

@Suite struct DurationHistogramTests {
    /// The bounds again, as exact durations.
    static let bounds: [Duration] =
        [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000]
        .map { .microseconds($0) } + [.seconds(10)]

    @Test func aNewHistogramIsEmpty() {
        let histogram = DurationHistogram()
        #expect(histogram.counts == Array(repeating: 0, count: DurationHistogram.bounds.count + 1))
        #expect(histogram.count == 0)
        #expect(histogram.sumSeconds == 0)
    }

    @Test func boundsAscendFromOneMillisecondToTenSeconds() {
        #expect(DurationHistogram.bounds == DurationHistogram.bounds.sorted())
        #expect(Set(DurationHistogram.bounds).count == DurationHistogram.bounds.count)
        #expect(DurationHistogram.bounds.first == 0.001)
        #expect(DurationHistogram.bounds.last == 10)
        #expect(Self.bounds.count == DurationHistogram.bounds.count)
    }

    @Test(arguments: bounds.indices)
    func aBoundIsAnUpperBoundThatBelongsToItsBucket(index: Int) {
        let nanosecond = Duration.nanoseconds(1)
        #expect(bucket(of: Self.bounds[index] - nanosecond) == index)
        #expect(bucket(of: Self.bounds[index]) == index)
        #expect(bucket(of: Self.bounds[index] + nanosecond) == index + 1)
    }

    @Test(arguments: [(Duration.zero, 0), (.nanoseconds(1), 0), (.seconds(11), 13), (.seconds(1 << 40), 13)])
    func theEndsAreOpen(duration: Duration, index: Int) {
        #expect(bucket(of: duration) == index)
    }

    @Test func countsAreNotCumulativeAndTheSumIsInSeconds() {
        var histogram = DurationHistogram()
        for milliseconds in [1, 3, 3, 200, 20_000] { histogram.record(.milliseconds(milliseconds)) }
        #expect(histogram.counts == [1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
        #expect(histogram.count == 5)
        #expect(abs(histogram.sumSeconds - 20.207) < 1e-9)
    }

    @Test func everyRecordCountsOnce() {
        var random = SplitMix64(seed: 7)
        var histogram = DurationHistogram()
        for _ in 0..<1_000 { histogram.record(.microseconds(Int.random(in: 0...20_000_000, using: &random))) }
        #expect(histogram.count == 1_000)
    }

    @Test(arguments: [(Duration.milliseconds(1), 0.001), (.microseconds(2_500), 0.0025), (.seconds(-2), -2)])
    func secondsAreTheNearestDouble(duration: Duration, seconds: Double) {
        #expect(duration.inSeconds == seconds)
    }

    @Test func countsThatCameOverTheWireMayBeAnything() throws {
        let text = #"{"counts":[9223372036854775807,1],"sumSeconds":1}"#
        let histogram = try JSONDecoder().decode(DurationHistogram.self, from: Data(text.utf8))
        #expect(histogram.count == .max)
    }

    private func bucket(of duration: Duration) -> Int? {
        var histogram = DurationHistogram()
        histogram.record(duration)
        #expect(histogram.count == 1)
        return histogram.counts.firstIndex(of: 1)
    }
}
