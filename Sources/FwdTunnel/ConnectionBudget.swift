import Synchronization

/// How many connections this process may carry at once, so that descriptors are left for sessions, the control socket
/// and monitoring. For all threads.
public final class ConnectionBudget: Sendable {
    private struct State {
        var used = 0
    }

    public let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: in connections, each one descriptor.
    public init(limit: Int = .max) {
        self.limit = limit
    }

    /// `false`: there is none left.
    public func take() -> Bool {
        state.withLock { state in
            guard state.used < limit else { return false }
            state.used += 1
            return true
        }
    }

    public func give() {
        state.withLock { $0.used -= 1 }
    }
}
