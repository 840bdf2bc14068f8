import Testing

@testable import BenchFigures

@Suite("Pictures")
struct PictureTests {
    @Test("the axis of ratios has powers of two around all values, and at least from 1/2 to 2")
    func ratioAxis() {
        #expect(BarChart.ratioAxis([1, 1.2]).ticks == [0.5, 1, 2])
        #expect(BarChart.ratioAxis([0.2, 5]).ticks == [0.125, 0.25, 0.5, 1, 2, 4, 8])
        #expect(BarChart.ratioAxis([1e-9, 1e9]).ticks.count == 13)
        #expect(BarChart.ratioAxis([]).origin == 1)
    }

    @Test(
        "the axis of values begins at 0 and ends at a round number above all of them",
        arguments: [([0.93], 1), ([118], 150), ([4], 4), ([7.3, 1], 8), ([0], 1e-9)] as [([Double], Double)])
    func valueAxis(values: [Double], end: Double) {
        let axis = BarChart.valueAxis(values)
        #expect(axis.ticks.first == 0)
        #expect(abs(axis.high - end) < end * 1e-6)
    }

    @Test("a picture has a bar and a number for each contender, and text stays text")
    func bars() throws {
        let files = Pictures(results: results(fwd: [230], ssh: [200])).files
        #expect(files.keys.sorted() == ["benchmarks-bulk.svg"])
        let svg = try #require(files["benchmarks-bulk.svg"])
        #expect(svg.hasPrefix("<svg xmlns="))
        #expect(svg.hasSuffix("</svg>\n"))
        #expect(svg.contains(">fwd</text>"))
        #expect(svg.contains(">1.15</text>"))
        #expect(svg.components(of: "<rect").count == 2)
        #expect(svg.contains("prefers-color-scheme: dark"))
    }

    @Test("lines of a transfer over time")
    func lines() throws {
        var results = results(fwd: [230], ssh: [200])
        results.timelines = ["line.100.down": ["fwd": [1, 50, 100], "ssh": [1, 19, 20]]]
        let svg = try #require(Pictures(results: results).files["benchmarks-start.svg"])
        #expect(svg.components(of: "<polyline").count == 2)
    }

    @Test("what a title contains does not break the picture")
    func escaping() {
        #expect(SVG.escape("a < b & \"c\"") == "a &lt; b &amp; &quot;c&quot;")
    }
}

extension String {
    fileprivate func components(of mark: String) -> [Range<String.Index>] { ranges(of: mark) }
}
