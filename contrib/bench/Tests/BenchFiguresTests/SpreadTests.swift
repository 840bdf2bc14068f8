import Testing

@testable import BenchFigures

@Suite("Middle and ends")
struct SpreadTests {
    @Test("of nothing there is none")
    func empty() {
        #expect(Spread([]) == nil)
        #expect(percentile(0.5, of: []) == nil)
    }

    @Test("the median of an odd number of values is the middle one")
    func odd() throws {
        let spread = try #require(Spread([5, 1, 9]))
        #expect((spread.minimum, spread.median, spread.maximum) == (1, 5, 9))
    }

    @Test("the median of an even number of values lies between the middle ones")
    func even() throws {
        #expect(try #require(Spread([4, 1, 2, 10])).median == 3)
    }

    @Test(
        "a percentile is a value that occurs: the nearest rank",
        arguments: [(0.5, 50.0), (0.99, 99), (0.999, 100), (0, 1), (1, 100)])
    func percentiles(quantile: Double, expected: Double) {
        let values = (1...100).map(Double.init).shuffled()
        #expect(percentile(quantile, of: values) == expected)
    }
}
