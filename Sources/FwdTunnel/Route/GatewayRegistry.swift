import FwdCore
import NIOCore
import NIOPosix
import Synchronization

/// The gateways of this process by name, so that one can be reached through another. For all threads.
///
/// A gateway tells here whether it is up, and who waits for it is told when it comes up.
public final class GatewayRegistry: Sendable {
    private struct Entry {
        weak var gateway: Gateway?
        /// Why it is not up; `nil` while it is.
        var trouble: String? = "is starting"
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// By the name of the gateway waited for, then by who waits: two of one name may live at once, one of them leaving.
        var waiters: [String: [ObjectIdentifier: @Sendable () -> Void]] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    func register(_ gateway: Gateway) {
        state.withLock { $0.entries[gateway.name] = Entry(gateway: gateway) }
    }

    /// Unless another one has taken its name meanwhile.
    func unregister(_ gateway: Gateway) {
        state.withLock { state in
            if state.entries[gateway.name]?.gateway === gateway { state.entries[gateway.name] = nil }
        }
    }

    func report(_ gateway: Gateway, trouble: String?) {
        let waiters = state.withLock { state -> [@Sendable () -> Void] in
            guard state.entries[gateway.name]?.gateway === gateway else { return [] }
            state.entries[gateway.name]?.trouble = trouble
            guard trouble == nil else { return [] }
            return state.waiters.removeValue(forKey: gateway.name).map { Array($0.values) } ?? []
        }
        for waiter in waiters { waiter() }
    }

    /// Why nothing can be reached through `name` now; `nil` while it is up.
    func trouble(of name: String) -> String? {
        state.withLock { state in
            guard let entry = state.entries[name], entry.gateway != nil else { return Self.absence }
            return entry.trouble
        }
    }

    /// Calls `body` once, from any thread, when `name` comes up; at once if it is. The waiter's earlier wish for it is
    /// forgotten.
    func whenUp(_ name: String, for waiter: ObjectIdentifier, _ body: @escaping @Sendable () -> Void) {
        let isUp = state.withLock { state in
            if let entry = state.entries[name], entry.gateway != nil, entry.trouble == nil { return true }
            state.waiters[name, default: [:]][waiter] = body
            return false
        }
        if isUp { body() }
    }

    func stopWaiting(_ waiter: ObjectIdentifier) {
        state.withLock { state in
            for name in state.waiters.keys { state.waiters[name]?[waiter] = nil }
        }
    }

    private static let absence = "is not running"

    /// What is told of a gateway behind one that is in `trouble`.
    static func cause(_ jump: String, _ trouble: String) -> Cause {
        Cause(.jump, "the gateway \(jump), which it is reached through, \(trouble)")
    }

    /// A direct-tcpip channel through the gateway `jump`, as a connected socket.
    /// - Throws: `Cause` (jump, connect) in the future.
    func connect(
        to target: ForwardSpec.Endpoint, through jump: String, on loop: any EventLoop
    ) -> EventLoopFuture<ConnectedSocket.Handle> {
        let promise = loop.makePromise(of: ConnectedSocket.Handle.self)
        let gateway = state.withLock { $0.entries[jump]?.gateway }
        if let gateway, trouble(of: jump) == nil {
            gateway.openJump(to: target, for: promise)
        } else {
            promise.fail(Self.cause(jump, trouble(of: jump) ?? Self.absence))
        }
        return promise.futureResult
    }
}
