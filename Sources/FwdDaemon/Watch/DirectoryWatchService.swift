import FwdConfig
import FwdControl
import Logging
import ServiceLifecycle

/// `fwd run --watch`: reloads when a file of `forwards.d` has changed.
///
/// inotify(7) says when to look, and what a look finds decides. So a directory may go, come back, or be replaced; and
/// where the kernel cannot watch, or does not notice (a network's file system), it is looked at from time to time.
struct DirectoryWatchService: Service {
    private enum Input: Sendable {
        case events([UInt8])
        case timer
        /// Another `tick` has passed.
        case tick
    }

    /// Our choices.
    private enum Policy {
        /// Between two looks where there is no directory, or no inotify.
        static let tick = Duration.seconds(1)
        /// Ticks between two looks that nothing has led to, where it is watched.
        static let ticks = 10
    }

    let directory: ForwardsDirectory
    /// The look before the supervisor read the files first.
    let known: DirectoryPrint
    let logger: Logger
    let reload: @Sendable () async -> Void

    func run() async throws {
        let inputs = AsyncStream.makeStream(of: Input.self)
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                let alarm = openAlarm { inputs.continuation.yield(.events($0)) }
                defer { alarm?.close() }
                var state = State(alarm: alarm, known: known)
                group.addTask { await tick { inputs.continuation.yield(.tick) } }
                for await input in inputs.stream {
                    for action in take(input, &state) {
                        switch action {
                        case .setTimer(let instant):
                            group.addTask {
                                // The state machine looks at the clock itself when it is told.
                                try? await Task.sleep(until: instant, clock: .continuous)
                                inputs.continuation.yield(.timer)
                            }
                        case .look:
                            await reloadIfChanged(&state)
                        }
                    }
                }
                group.cancelAll()
            }
        }
    }

    /// What the service knows between two inputs.
    private struct State {
        let alarm: DirectoryAlarm?
        var known: DirectoryPrint
        var gathering = ReloadGathering()
        var isWatched = false
        var ticks = 0
    }

    private func take(_ input: Input, _ state: inout State) -> [ReloadGathering.Action] {
        switch input {
        case .events(let events):
            return state.alarm?.concerns(events) == true ? state.gathering.changed(now: .now) : []
        case .timer:
            return state.gathering.timerFired(now: .now)
        case .tick:
            state.ticks += 1
            if state.isWatched, state.ticks < Policy.ticks { return [] }
            state.ticks = 0
            state.isWatched = state.alarm?.arm() ?? false
            return directory.look() == state.known ? [] : state.gathering.changed(now: .now)
        }
    }

    private func reloadIfChanged(_ state: inout State) async {
        // In this order: what changes after the look is heard.
        state.isWatched = state.alarm?.arm() ?? false
        let now = directory.look()
        let changes = now.changes(since: state.known)
        state.known = now
        if changes.isEmpty { return }
        logger.info("the directory has changed, reloading", metadata: .keys([.reason: "\(Self.text(changes))"]))
        await reload()
    }

    private func tick(_ take: () -> Void) async {
        repeat {
            take()
            // Nothing tells of what a file system does not announce.
            try? await Task.sleep(for: Policy.tick, clock: .continuous)
        } while !Task.isCancelled
    }

    private static func text(_ changes: [String]) -> String {
        let named = changes.prefix(4).joined(separator: ", ")
        return changes.count > 4 ? "\(named) and \(changes.count - 4) more" : named
    }

    private func openAlarm(_ take: @escaping @Sendable ([UInt8]) -> Void) -> DirectoryAlarm? {
        do throws(DaemonError) {
            return try DirectoryAlarm(path: directory.path, take: take)
        } catch {
            logger.warning("no inotify: the directory is looked at every second", metadata: .keys([.error: "\(error)"]))
            return nil
        }
    }
}
