import FwdCore
import NIOCore

/// One direction of a forward's rate limit, shared by its relays. Loop-bound.
///
/// A relay asks before bytes flow, and says afterwards how many did. While there is debt, or others wait, it gets a
/// place in a queue: each of its turns is one read or one credit, so all advance alike whatever each would take.
final class RateLimiter {
    /// Our choices.
    private enum Policy {
        /// The shortest wait: below it timers cost more than they order.
        static let shortestWait = Duration.milliseconds(1)
        /// What one turn waits for the one before it, whose bytes may not come at all.
        static let turn = Duration.milliseconds(5)
    }

    private var bucket: TokenBucket
    /// Each says whether it has used its turn.
    private var waiting = CircularBuffer<() -> Bool>()
    private let timer: LoopTimer

    init(bytesPerSecond: Int, loop: any EventLoop) {
        bucket = TokenBucket(bytesPerSecond: bytesPerSecond, now: .now)
        timer = LoopTimer(loop)
    }

    /// `true`: go on now. Else `turn` is called once, later, and says whether it was of use.
    func admits(orLater turn: @escaping () -> Bool) -> Bool {
        if waiting.isEmpty, bucket.delay(now: .now) == .zero { return true }
        waiting.append(turn)
        if waiting.count == 1 { wait(atLeast: Policy.shortestWait) }
        return false
    }

    func spend(_ count: Int) {
        bucket.spend(count, now: .now)
    }

    private func wait(atLeast shortest: Duration) {
        timer.set(in: TimeAmount(clamping: max(bucket.delay(now: .now), shortest))) { [weak self] in self?.serve() }
    }

    private func serve() {
        var isUsed = false
        while !isUsed, bucket.delay(now: .now) == .zero, let turn = waiting.popFirst() { isUsed = turn() }
        if !waiting.isEmpty { wait(atLeast: isUsed ? Policy.turn : Policy.shortestWait) }
    }
}

@available(*, unavailable)
extension RateLimiter: Sendable {}
