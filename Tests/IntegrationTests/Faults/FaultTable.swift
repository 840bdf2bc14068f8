import Foundation
import Synchronization

/// The results of all rows, as Markdown: printed when the last row is done, and kept in the file that
/// `$FWD_FAULTS_TABLE` names.
final class FaultTable: Sendable {
    static let shared = FaultTable()

    private let lines = Mutex<[String: String]>([:])

    func add(_ row: FaultRow, _ findings: FaultFindings) {
        let lines = lines.withLock { lines in
            lines[row.name] = Self.line(row, findings.all)
            return lines
        }
        let rows = FaultRow.chosen
        let text = Self.header + rows.compactMap { lines[$0.name] }.joined(separator: "\n") + "\n"
        if lines.count == rows.count { print("\n\(text)") }
        guard let file = ProcessInfo.processInfo.environment["FWD_FAULTS_TABLE"] else { return }
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            print("cannot write the table to \(file): \(error)")
        }
    }

    private static func line(_ row: FaultRow, _ values: FaultFindings.Values) -> String {
        let cells = [
            row.name, values.outcome, values.detected.map(seconds) ?? "", values.recovered.map(seconds) ?? "",
            seconds(values.took), ([row.holds] + values.notes).joined(separator: "; "),
        ]
        let text = cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }
        return "| \(text.joined(separator: " | ")) |"
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
