import Testing

@testable import BenchFigures

@Suite("The page")
struct PageTests {
    @Test("a cell has the ratio with its ends, and the figure below it; the base is 1")
    func cells() throws {
        let results = results(fwd: [200, 300, 420], ssh: [200, 200, 200])
        let table = FigureTable(figures: [try #require(Figure.named("bulk.down.1"))], results: results)
        #expect(
            table.markdown == """
                |  | down, 1 relay, MB/s |
                | --- | --- |
                | `fwd` | **1.50** (1.00 to 2.10)<br>300 |
                | `ssh -L` | 1<br>200 |

                """)
    }

    @Test("a figure without a base shows its own ends")
    func plainCells() throws {
        let results = results("recovery.2s", fwd: [0.5, 0.25, 1], ssh: [])
        let table = FigureTable(figures: [try #require(Figure.named("recovery.2s"))], results: results)
        #expect(table.markdown.contains("| `fwd` | 0.50 (0.25 to 1.00) |"))
    }

    @Test("a contender that failed has a dash, and its reason below the table")
    func failures() throws {
        var results = results(fwd: [200], ssh: [100])
        results["bulk.down.1", "fwd"] = Series(values: [nil], reasons: ["connection reset"])
        let table = FigureTable(figures: [try #require(Figure.named("bulk.down.1"))], results: results)
        #expect(table.markdown.contains("| `fwd` | – |"))
        #expect(table.markdown.contains("- `fwd`: failed: connection reset\n"))
    }

    @Test("contenders that were left out are in the notes only")
    func absences() throws {
        var results = results(fwd: [], ssh: [])
        for name in ["fwd", "ssh"] { results["bulk.down.1", name] = Series(absence: "no use") }
        let figures = ["bulk.down.1", "bulk.down.4"].compactMap(Figure.named)
        let table = FigureTable(figures: figures, results: results)
        #expect(table.markdown == "")
        results["bulk.down.1", "fwd"] = Series(values: [1])
        let other = FigureTable(figures: figures, results: results)
        #expect(other.markdown.contains("- `ssh -L` (down, 1 relay): not measured: no use\n"))
        #expect(!other.markdown.contains("| `ssh -L` |"))
    }

    @Test("targets say whether they are met")
    func targets() {
        let markdown = TargetTable(targets: Target.all, results: results(fwd: [230], ssh: [200])).markdown
        #expect(markdown.contains("| bulk, 1 relay, down | ≥ 1.15 | 1.15 (1.15 to 1.15) | met |"))
        #expect(markdown.contains("| bulk, 1 relay, up | ≥ 2.00 | – | not measured |"))
        let missed = TargetTable(targets: Target.all, results: results(fwd: [220], ssh: [200])).markdown
        #expect(missed.contains("| **missed** |"))
    }

    @Test("the notes come last, and sections without figures are left out")
    func page() {
        let page = Page(results: results(fwd: [230], ssh: [200]), notes: "## Where the time goes\n\nHere.\n").markdown
        #expect(page.hasPrefix("# Benchmarks\n"))
        #expect(page.hasSuffix("## Where the time goes\n\nHere.\n"))
        #expect(page.contains("![Bulk on loopback](benchmarks-bulk.svg)"))
        #expect(!page.contains("benchmarks-memory.svg"))
        #expect(page.contains("| `fwd` | fwd 9 |"))
    }
}
