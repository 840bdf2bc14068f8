import Foundation
import Synchronization

/// What one row measures, for the table.
final class FaultFindings: Sendable {
    struct Values {
        var detected: Duration?
        var recovered: Duration?
        var notes: [String] = []
        var outcome = "held"
        var took = Duration.zero
    }

    /// Those of the row that runs in this task: rows may run beside each other.
    @TaskLocal static var current: FaultFindings?

    private let values = Mutex(Values())

    var all: Values { values.withLock { $0 } }

    /// From the fault to the first status that shows it.
    func detected(after duration: Duration) { values.withLock { $0.detected = duration } }
    /// From the end of the fault to exchanges in both directions.
    func recovered(after duration: Duration) { values.withLock { $0.recovered = duration } }
    func note(_ text: String) { values.withLock { $0.notes.append(text) } }
    func outcome(_ text: String) { values.withLock { $0.outcome = text } }
    /// Something that had to hold did not.
    func sawIssue() { outcome("FAILED") }
    func took(_ duration: Duration) { values.withLock { $0.took = duration } }
}
