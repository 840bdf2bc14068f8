import Foundation
import Logging
import Synchronization

/// Leaves out what only says again what was said last about the same gateway or forward, for a minute.
///
/// A change of state is never left out: another line came in between. What is left out is counted, and the next line
/// that says the same tells how often (`repeated`). Debug and trace, which somebody asked for, pass.
final class RepetitionFilter: Sendable {
    /// Our choice: an outage of an hour is a page of the log, not a book.
    static let quiet: TimeInterval = 60

    private struct Context: Hashable {
        var gateway: String?
        var forward: String?
    }

    private struct Said {
        var text: String
        var at: Date
        var repeated = 0
    }

    private let last = Mutex<[Context: Said]>([:])

    /// - Returns: how often it was left out before, if it is to be said now; `nil` if not.
    func admit(_ event: LogEvent, _ metadata: Logger.Metadata, at now: Date) -> Int? {
        guard event.level >= .info else { return 0 }
        let context = Context(
            gateway: metadata["gateway"]?.description, forward: metadata["forward"]?.description)
        let text = "\(event.level) \(event.message)"
        return last.withLock { last in
            guard var said = last[context], said.text == text else {
                last[context] = Said(text: text, at: now)
                return 0
            }
            let age = now.timeIntervalSince(said.at)
            // A clock that was set back must not silence anything.
            guard age < 0 || age >= Self.quiet else {
                said.repeated += 1
                last[context] = said
                return nil
            }
            last[context] = Said(text: text, at: now)
            return said.repeated
        }
    }
}
