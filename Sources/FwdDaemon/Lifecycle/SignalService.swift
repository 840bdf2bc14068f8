import Foundation
import FwdControl
import Logging
import ServiceLifecycle
import UnixSignals

/// HUP reads the configuration again and retries; TERM and INT shut down; a second one of these exits at once.
///
/// It is the first service of the group, so it is the last to be shut down and hears the second signal.
struct SignalService: Service {
    let logger: Logger
    let reload: @Sendable () async -> Void
    let shutDown: @Sendable () -> Void
    var exitNow: @Sendable () -> Void = { _exit(1) }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        await withDiscardingTaskGroup { group in
            var isShuttingDown = false
            for await signal in signals.cancelOnGracefulShutdown() {
                logger.notice("signal", metadata: .keys([.signal: "\(signal)"]))
                if signal == .sighup {
                    // A reload never holds up a TERM.
                    group.addTask { await reload() }
                } else if isShuttingDown {
                    exitNow()
                } else {
                    isShuttingDown = true
                    shutDown()
                }
            }
        }
    }
}
