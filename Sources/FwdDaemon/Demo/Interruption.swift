import Synchronization
import UnixSignals

/// Ctrl-C and TERM, from the first key of the demo to the last.
final class Interruption: Sendable {
    /// Thrown where a graceful end is not possible or not wanted any more.
    struct Impatience: Error {}

    private let daemon = Mutex<Daemon?>(nil)
    private let isInterrupted = Mutex(false)

    var hasHappened: Bool { isInterrupted.withLock { $0 } }

    /// From now on the first signal is for this daemon.
    func daemonRuns(_ daemon: Daemon) {
        self.daemon.withLock { $0 = daemon }
    }

    /// The first signal shuts the daemon down if it runs; the second, or one before there is a daemon, ends everything.
    /// - Throws: `Impatience`.
    func listen() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        for await _ in signals {
            isInterrupted.withLock { $0 = true }
            let running = daemon.withLock { daemon in
                defer { daemon = nil }
                return daemon
            }
            guard let running else { throw Impatience() }
            running.shutDown()
        }
    }
}
