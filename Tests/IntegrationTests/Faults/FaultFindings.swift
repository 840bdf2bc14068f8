import Foundation
import Synchronization

/// What one row measures, for the table.
final class FaultFindings: Sendable {
    struct Values {
        var detected: Duration?
        var recovered: Duration?
        var notes: [String] = []
        var outcome = "held"
    }

    private let values = Mutex(Values())

    var all: Values { values.withLock { $0 } }

    /// From the fault to the first status that shows it.
    func detected(after duration: Duration) { values.withLock { $0.detected = duration } }
    /// From the end of the fault to exchanges in both directions.
    func recovered(after duration: Duration) { values.withLock { $0.recovered = duration } }
    func note(_ text: String) { values.withLock { $0.notes.append(text) } }
    func outcome(_ text: String) { values.withLock { $0.outcome = text } }
}

/// The results of all rows, as Markdown: printed when the last row is done, and kept in the file that
/// `$FWD_FAULTS_TABLE` names.
final class FaultTable: Sendable {
    static let shared = FaultTable()

    private let lines = Mutex<[String]>([])
    private let hasIssue = Mutex(false)

    /// Something that had to hold in the row that runs now did not.
    func sawIssue() { hasIssue.withLock { $0 = true } }

    func add(_ row: FaultRow, _ findings: FaultFindings, took: Duration) {
        var values = findings.all
        let failed = hasIssue.withLock { hasIssue in
            defer { hasIssue = false }
            return hasIssue
        }
        if failed { values.outcome = "FAILED" }
        let notes = ([row.holds] + values.notes).joined(separator: "; ")
        let cells = [
            row.name, values.outcome, values.detected.map(Self.seconds) ?? "", values.recovered.map(Self.seconds) ?? "",
            Self.seconds(took), notes,
        ]
        let line =
            "| "
            + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }
            .joined(separator: " | ") + " |"
        let table = lines.withLock { lines in
            lines.append(line)
            return (text: Self.header + lines.joined(separator: "\n") + "\n", count: lines.count)
        }
        if table.count == FaultRow.chosen.count { print("\n\(table.text)") }
        guard let file = ProcessInfo.processInfo.environment["FWD_FAULTS_TABLE"] else { return }
        do {
            try table.text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            print("cannot write the table to \(file): \(error)")
        }
    }

    private static let header = """
        | fault | outcome | detected after | recovered after | row took | what held, and what was seen |
        |---|---|---|---|---|---|

        """

    private static func seconds(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        return String(format: seconds < 10 ? "%.2f s" : "%.0f s", seconds)
    }
}
