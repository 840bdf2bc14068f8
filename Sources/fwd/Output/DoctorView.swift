import FwdCore

/// `fwd doctor`: a line for each step, then what to do.
struct DoctorView {
    /// Known before the first line, so that lines can be printed as the steps end.
    struct Widths {
        let label: Int

        init(label: Int) {
            self.label = label
        }

        init(_ subject: DoctorSubject) {
            let jumps = subject.jumps.flatMap { jump in DoctorStep.Name.allCases.map { "\(jump.name) \($0.text)" } }
            let forwards = subject.forwards.map { "\($0.name) \(DoctorStep.Name.listener.text)" }
            let own = DoctorStep.Name.allCases.map(\.text)
            label = (jumps + forwards + own).map(\.count).max() ?? 0
        }
    }

    /// The gateway of the walk.
    let gateway: String
    let style: Style

    func line(_ step: DoctorStep, _ widths: Widths) -> String {
        let mark = Self.pad(step.outcome.rawValue, to: 7)
        let colour: Style.Colour =
            switch step.outcome {
            case .ok: .green
            case .failed: .red
            case .skipped: .dim
            }
        let start = [
            style.paint(mark, colour), Self.pad(label(step), to: widths.label),
            Self.pad(step.outcome == .skipped ? "" : Self.milliseconds(step), to: 7, isRight: true),
        ].joined(separator: "  ")
        let indent = String(repeating: " ", count: 7 + 2 + widths.label + 2 + 7 + 2)
        return (["\(start)  \(step.finding)"] + step.details.map { indent + $0 }).joined(separator: "\n")
    }

    /// `nil` where there is nothing to do.
    func advice(_ steps: [DoctorStep]) -> String? {
        let mended = steps.filter { !$0.remedies.isEmpty }
        if mended.isEmpty { return nil }
        // Its remedies come after all others.
        let sorted = mended.filter { $0.step != .supervisor } + mended.filter { $0.step == .supervisor }
        return ([style.paint("what to do", .bold)] + sorted.flatMap(lines)).joined(separator: "\n")
    }

    private func lines(_ step: DoctorStep) -> [String] {
        step.remedies.flatMap { remedy in
            ["  \(label(step)): \(remedy.place)\(remedy.lines.isEmpty ? "" : ":")"] + remedy.lines.map { "    \($0)" }
        }
    }

    private func label(_ step: DoctorStep) -> String {
        let place = step.forward ?? (step.gateway == gateway ? nil : step.gateway)
        return (place.map { "\($0) " } ?? "") + step.step.text
    }

    private static func milliseconds(_ step: DoctorStep) -> String {
        let value = max(step.durationSeconds, 0) * 1000
        if value == 0 { return "" }
        return value < 9.95 ? "\((value * 10).rounded() / 10) ms" : "\(Int(min(value, 1e9).rounded())) ms"
    }

    private static func pad(_ text: String, to width: Int, isRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return isRight ? space + text : text + space
    }
}

extension DoctorStep.Name {
    /// For people.
    var text: String {
        switch self {
        case .keyExchange: "key exchange"
        case .hostKey: "host key"
        default: rawValue
        }
    }
}
