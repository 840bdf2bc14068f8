import FwdCore
import NIOCore

/// One timer on an event loop; setting it again replaces it. Loop-bound.
final class LoopTimer {
    private let eventLoop: any EventLoop
    private var scheduled: Scheduled<Void>?

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func set(in delay: TimeAmount, _ body: @escaping () -> Void) {
        cancel()
        scheduled = eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.scheduled = nil
            body()
        }
    }

    /// Whether `body` is still to be called.
    var isSet: Bool { scheduled != nil }

    func cancel() {
        scheduled?.cancel()
        scheduled = nil
    }
}

@available(*, unavailable)
extension LoopTimer: Sendable {}

extension TimeAmount {
    init(clamping duration: Duration) {
        let seconds = min(max(duration.inSeconds, 0), 1e8)
        self = .nanoseconds(Int64(seconds * 1e9))
    }
}
