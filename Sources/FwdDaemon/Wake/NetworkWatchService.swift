import Foundation
import FwdControl
import Logging
import ServiceLifecycle

/// Tells the gateways when the machine's network has changed or the machine has woken from sleep: their sessions may be
/// dead without knowing, and waiting may have lost its reason.
///
/// It runs as one service of the daemon until shutdown. Where rtnetlink is not to be had, sleep is still noticed.
struct NetworkWatchService: Service {
    /// Our choice: how often the clocks are compared.
    private static let lookInterval = Duration.seconds(2)

    let logger: Logger
    let networkChanged: @Sendable () async -> Void

    func run() async throws {
        let inputs = AsyncStream.makeStream(of: NetworkWatch.Input.self)
        let socket = openSocket { inputs.continuation.yield($0) }
        defer { socket?.close() }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await lookAtClocks { inputs.continuation.yield($0) } }
                var watch = NetworkWatch()
                for await input in inputs.stream {
                    for action in watch.take(input, now: .now) {
                        switch action {
                        case .setTimer(let instant):
                            group.addTask {
                                // The state machine looks at the clock itself when it is told.
                                try? await Task.sleep(until: instant, clock: .continuous)
                                inputs.continuation.yield(.timer)
                            }
                        case .fire(let reasons):
                            await fire(reasons)
                        }
                    }
                }
                group.cancelAll()
            }
        }
    }

    private func fire(_ reasons: [String]) async {
        logger.info(
            "the network may be another one: sessions are probed, gateways that wait for it try at once",
            metadata: .keys([.reason: "\(reasons.joined(separator: ", "))"]))
        await networkChanged()
    }

    private func openSocket(_ take: @escaping @Sendable (NetworkWatch.Input) -> Void) -> DescriptorWatch? {
        do throws(DaemonError) {
            return try RouteSocket.watch(take: take)
        } catch {
            logger.warning("changes of the network cannot be noticed", metadata: .keys([.error: "\(error)"]))
            return nil
        }
    }

    /// The continuous clock goes on in sleep, so the first look comes at once after it.
    private func lookAtClocks(_ take: (NetworkWatch.Input) -> Void) async {
        repeat {
            take(.clocks(.now))
            // That time has passed is what is looked for.
            try? await Task.sleep(for: Self.lookInterval, clock: .continuous)
        } while !Task.isCancelled
    }
}

extension SuspendDetector.Look {
    /// Swift's clocks are the kernel's: `ContinuousClock` is CLOCK_BOOTTIME, `SuspendingClock` CLOCK_MONOTONIC
    /// (stdlib/public/Concurrency/Clock.cpp). Both are told since the first look.
    static var now: Self {
        Self(boottime: start.boottime.duration(to: .now), monotonic: start.monotonic.duration(to: .now))
    }

    private static let start = (boottime: ContinuousClock.now, monotonic: SuspendingClock.now)
}
