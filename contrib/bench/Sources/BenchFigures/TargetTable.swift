/// The table of targets in Markdown.
struct TargetTable {
    let targets: [Target]
    let results: Results

    var markdown: String {
        let head = ["| figure | target | reached, median (min to max) | |", "|---|---|---|---|"]
        return (head + targets.map(row)).joined(separator: "\n") + "\n"
    }

    private func row(_ target: Target) -> String {
        let reached = target.reached(in: results).map { spread in
            let parts = [spread.median, spread.minimum, spread.maximum].map { text($0, of: target) }
            return "\(parts[0]) (\(parts[1]) to \(parts[2]))"
        }
        let verdict = target.verdict(in: results)
        let word = verdict == .missed ? "**missed**" : verdict.rawValue
        return "| \(target.title) | \(bound(target)) | \(reached ?? "–") | \(word) |"
    }

    private func bound(_ target: Target) -> String {
        switch target.bound {
        case .atLeast(let limit): "≥ \(text(limit, of: target))"
        case .atMost(let limit): "≤ \(text(limit, of: target))"
        }
    }

    private func text(_ value: Double, of target: Target) -> String {
        if case .share = target.measure { return "\(number(value * 100, digits: 0))%" }
        return number(value, digits: 2)
    }
}
