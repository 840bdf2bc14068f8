import NIOCore

/// A value that comes by a callback, or does not come in time. Loop-bound.
final class PendingAnswer<Value> {
    /// `nil` before it came, and for ever when it came too late.
    private(set) var value: Value?
    private(set) var duration = Duration.zero
    private let start = ContinuousClock.now
    private let timer: LoopTimer
    private var isSettled = false
    private var waiter: (() -> Void)?

    /// - Parameter limit: how long it may take, from now.
    init(_ loop: any EventLoop, within limit: Duration) {
        timer = LoopTimer(loop)
        timer.set(in: TimeAmount(clamping: limit)) { [self] in settle(nil) }
    }

    /// - Returns: whether it came in time.
    @discardableResult
    func settle(_ value: Value?) -> Bool {
        if isSettled { return false }
        isSettled = true
        timer.cancel()
        self.value = value
        duration = ContinuousClock.now - start
        waiter.take()?()
        return true
    }

    /// Calls `body` once: when it has come, or has not come in time.
    func whenSettled(_ body: @escaping () -> Void) {
        if isSettled { body() } else { waiter = body }
    }
}

extension PendingAnswer {
    /// - Parameter future: of the same loop.
    func settle<Answer>(with future: EventLoopFuture<Answer>) where Value == Result<Answer, any Error> {
        future.assumeIsolated().whenComplete { self.settle($0) }
    }
}

@available(*, unavailable)
extension PendingAnswer: Sendable {}
