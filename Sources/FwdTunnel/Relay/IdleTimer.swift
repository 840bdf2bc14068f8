import FwdCore
import NIOCore

/// Notices that nothing was carried for some time. Loop-bound.
///
/// Activity only writes the time down; the timer looks at it when it fires, and sets itself again for what is left.
final class IdleTimer {
    private let timeout: TimeAmount
    private let timer: LoopTimer
    private var lastActivity = NIODeadline.now()

    init(_ timeout: Duration, loop: any EventLoop) {
        self.timeout = max(.milliseconds(1), TimeAmount(clamping: timeout))
        timer = LoopTimer(loop)
    }

    /// Calls `body` once, when there was no activity for the timeout.
    func start(_ body: @escaping () -> Void) {
        lastActivity = .now()
        arm(timeout, body)
    }

    func noteActivity() { lastActivity = .now() }

    func cancel() { timer.cancel() }

    private func arm(_ delay: TimeAmount, _ body: @escaping () -> Void) {
        timer.set(in: delay) { [weak self] in
            guard let self else { return }
            let left = lastActivity + timeout - .now()
            if left > .zero { arm(left, body) } else { body() }
        }
    }
}

@available(*, unavailable)
extension IdleTimer: Sendable {}
