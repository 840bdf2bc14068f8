import BenchFigures

/// A compact table of what was measured, on standard output.
func printReport(_ results: Results) {
    let names = results.contenders.map(\.name)
    let width = max(12, names.map(\.count).max() ?? 0)
    for figure in Figure.all {
        guard let row = results.figures[figure.id] else { continue }
        print("\(figure.id) (\(figure.unit); \(figure.better == .higher ? "more" : "less") is better)")
        for name in names {
            guard let series = row[name], series.absence == nil else { continue }
            let value = series.spread.map { text($0, digits: figure.digits) } ?? "-"
            let ratio = results.ratios(figure.id, name).map { "x \(text($0, digits: 2))" } ?? ""
            let reasons = series.reasons.isEmpty ? "" : "  ! \(series.reasons.joined(separator: "; "))"
            print("  \(padded(name, to: width)) \(padded(value, to: 26)) \(ratio)\(reasons)")
        }
    }
}

private func text(_ spread: Spread, digits: Int) -> String {
    let parts = [spread.median, spread.minimum, spread.maximum].map { number($0, digits: digits) }
    return "\(parts[0]) (\(parts[1]) to \(parts[2]))"
}

private func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
