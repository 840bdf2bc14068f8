import Foundation
import UnixSignals

/// Somebody wants the demo to end.
struct Interruption: Error {
    /// Throws itself at Ctrl-C or TERM; a second one exits at once.
    static func wait() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        for await _ in signals {
            throw Interruption()
        }
    }
}
