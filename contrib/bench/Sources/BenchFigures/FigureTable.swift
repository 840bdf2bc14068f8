/// A table of figures in Markdown: a row for each contender, a column for each figure.
struct FigureTable {
    let figures: [Figure]
    let results: Results

    /// Empty where nothing was measured or tried.
    var markdown: String {
        let rows = contenders.map { contender in
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

    /// Why cells are empty, or have fewer runs than others: one line for each contender and reason.
    private var notes: [String] {
        contenders.flatMap { contender in
            let reasons = figures.map { (figure: $0, series: results[$0.id, contender.name]) }
            let all = Set(reasons.flatMap(\.series.reasons)).sorted()
            return all.map { reason in
                let touched = reasons.filter { $0.series.reasons.contains(reason) }
                let failed = touched.map(\.series.values.count).reduce(0, +) > 0 ? "failed in some runs" : "no figure"
                let names =
                    touched.count == figures.count ? "" : " (\(touched.map(\.figure.title).joined(separator: ", ")))"
                return "\(contender.title)\(names): \(failed): \(reason)"
            }
        }
    }
}
