import Foundation
import Testing

@testable import BenchFigures

@Suite("Values by run")
struct SeriesTests {
    @Test("ratios pair the values of the same run, and leave out runs that one of the two has failed in")
    func ratios() {
        let series = Series(values: [10, nil, 30, 40])
        let base = Series(values: [5, 5, 10])
        #expect(series.ratios(to: base) == [2, 3])
        #expect(series.ratios(to: Series()) == [])
        #expect(series.ratios(to: Series(values: [0])) == [])
    }

    @Test("a run that was left out has no value, and each reason is kept once")
    func recording() {
        var series = Series()
        series.record(7, run: 2)
        series.note("timed out")
        series.note("timed out")
        #expect(series == Series(values: [nil, nil, 7], reasons: ["timed out"]))
        #expect(series.spread == Spread([7]))
    }

    @Test("results survive their JSON, rounded to five digits")
    func json() throws {
        var results = Results()
        results.contenders = [.init(name: "fwd", title: "`fwd`", version: "1")]
        results["bulk.down.1", "fwd"] = Series(values: [123.456789, nil], reasons: ["it ended"])
        results.timelines = ["line.100.down": ["fwd": [0.123456789]]]
        let decoded = try JSONDecoder().decode(Results.self, from: JSONEncoder().encode(results.rounded))
        #expect(decoded == results.rounded)
        #expect(decoded["bulk.down.1", "fwd"].values == [123.46, nil])
        #expect(decoded.timelines["line.100.down"] == ["fwd": [0.12346]])
    }

    @Test("a newer run replaces whole rows, and nothing else")
    func merging() {
        var old = Results()
        old["bulk.down.1", "fwd"] = Series(values: [1])
        old["bulk.down.1", "ssh"] = Series(values: [2])
        old["bulk.up.1", "fwd"] = Series(values: [3])
        var new = Results()
        new["bulk.down.1", "fwd"] = Series(values: [4])
        let merged = old.taking(new)
        #expect(merged.figures["bulk.down.1"] == ["fwd": Series(values: [4])])
        #expect(merged["bulk.up.1", "fwd"] == Series(values: [3]))
    }
}
