/// A table of figures in Markdown: a row for each contender, a column for each figure.
struct FigureTable {
    let figures: [Figure]
    let results: Results

    /// Empty where nothing was measured or tried.
    var markdown: String {
        let rows = contenders.filter(wasTried).map { contender in
            row([contender.title] + figures.map { cell($0, contender.name) })
        }
        guard !rows.isEmpty else { return "" }
        let head = row([""] + figures.map { $0.unit.isEmpty ? $0.title : "\($0.title), \($0.unit)" })
        let rule = row(Array(repeating: "---", count: figures.count + 1))
        let lines = [head, rule] + rows
        return (lines + (notes.isEmpty ? [] : [""] + notes.map { "- \($0)" })).joined(separator: "\n") + "\n"
    }

    private var contenders: [Results.Contender] {
        results.contenders.filter { contender in
            figures.contains { results.figures[$0.id]?[contender.name] != nil }
        }
    }

    /// A contender that was left out of all figures is only in the notes.
    private func wasTried(_ contender: Results.Contender) -> Bool {
        figures.contains { results.figures[$0.id]?[contender.name].map { $0.absence == nil } ?? false }
    }

    private func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }

    /// The ratio to the base with its ends, and below it the median of the figure itself.
    private func cell(_ figure: Figure, _ contender: String) -> String {
        guard let value = results[figure.id, contender].spread else { return "–" }
        let median = number(value.median, digits: figure.digits)
        guard figure.comparesWithBase, let ratio = results.ratios(figure.id, contender) else {
            return "\(median) (\(ends(value, digits: figure.digits)))"
        }
        guard contender != Results.base else { return "1<br>\(median)" }
        return "**\(number(ratio.median, digits: 2))** (\(ends(ratio, digits: 2)))<br>\(median)"
    }

    private func ends(_ spread: Spread, digits: Int) -> String {
        "\(number(spread.minimum, digits: digits)) to \(number(spread.maximum, digits: digits))"
    }

    /// Why cells are empty, or have fewer runs than others: a line for each reason.
    private var notes: [String] {
        let cells = contenders.flatMap { contender in
            figures.map { Cell(contender: contender, figure: $0, series: results[$0.id, contender.name]) }
        }
        return notes(of: cells, "not measured") { $0.absence.map { [$0] } ?? [] }
            + notes(of: cells, "failed") { $0.reasons }
    }

    private struct Cell {
        let contender: Results.Contender
        let figure: Figure
        let series: Series
    }

    private func notes(of cells: [Cell], _ word: String, _ reasons: (Series) -> [String]) -> [String] {
        Set(cells.flatMap { reasons($0.series) }).sorted().map { reason in
            let touched = cells.filter { reasons($0.series).contains(reason) }
            let names = contenders.map(\.title).filter { title in touched.contains { $0.contender.title == title } }
            let titles = figures.map(\.title).filter { title in touched.contains { $0.figure.title == title } }
            let place = titles.count == figures.count ? "" : " (\(titles.joined(separator: "; ")))"
            return "\(names.joined(separator: ", "))\(place): \(word): \(reason)"
        }
    }
}
