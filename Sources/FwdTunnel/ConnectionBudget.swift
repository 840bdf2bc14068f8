import NIOCore
import Synchronization

/// How many connections this process may carry at once, so that descriptors are left for sessions, the control socket
/// and monitoring. For all threads.
///
/// A place that is given back goes to whoever has waited longest, and only to it; so nobody is woken in vain, and
/// nobody overtakes. Whoever was given one and has no use for it any more gives it back.
public final class ConnectionBudget: Sendable {
    private struct Waiter {
        let loop: any EventLoop
        let body: @Sendable () -> Void
    }

    private struct State {
        var used = 0
        /// Not empty only while all places are taken.
        var waiters = CircularBuffer<Waiter>()

        mutating func take(_ limit: Int) -> Bool {
            guard used < limit else { return false }
            used += 1
            return true
        }
    }

    public let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: in connections, each one descriptor.
    public init(limit: Int = .max) {
        self.limit = limit
    }

    /// `false`: there is none left.
    public func take() -> Bool {
        state.withLock { $0.take(limit) }
    }

    /// Takes a place now (`true`), or calls `body` on `loop`, once, when one is the caller's.
    public func take(on loop: any EventLoop, orLater body: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.take(limit) { return true }
            state.waiters.append(Waiter(loop: loop, body: body))
            return false
        }
    }

    public func give() {
        let next = state.withLock { state in
            let next = state.waiters.popFirst()
            // Else the place goes from hand to hand.
            if next == nil { state.used -= 1 }
            return next
        }
        if let next { next.loop.execute(next.body) }
    }
}
