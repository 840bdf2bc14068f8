import NIOCore
import ServiceLifecycle

/// Gives the service manager a sign of life whenever everything that must not hang has answered.
///
/// It runs until the very end, for connections may drain longer than the watchdog waits. What hangs also hangs this, so
/// that the manager hears nothing more and ends the process.
struct WatchdogService: Service {
    let interval: WatchdogInterval
    /// Returns when all that must live has answered.
    let lives: @Sendable () async -> Void
    let tell: @Sendable () -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let next = ContinuousClock.now + interval.period
                await lives()
                tell()
                // The watchdog wants a message in each period (sd_notify(3)).
                try? await Task.sleep(until: next, clock: .continuous)
            }
        }
    }
}

extension EventLoopGroup {
    /// Returns when each loop has done something.
    func answer() async {
        for loop in makeIterator() { try? await loop.submit {}.get() }
    }
}
