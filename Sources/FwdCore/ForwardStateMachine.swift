/// The life of one forward's listener. Pure.
///
/// ```
///             open asked            opened
///   idle ----------------> opening ---------> open(port)
///     ^                       |  ^                |
///     | gateway down (-R)     v  | timer, retry   |
///     +-------------- failed(until, cause) <------+ lost
///     +-------------------------------------------+
/// ```
///
/// A local listener is opened once, for the life of the forward; a remote one each time the gateway comes up. The
/// forward's public state follows from the listener and the gateway, so that the two cannot disagree.
public struct ForwardStateMachine: Sendable {
    public typealias Instant = ContinuousClock.Instant

    public enum Listener: Hashable, Sendable {
        case idle
        /// `after`: why the last attempt failed. It stays the truth until this one succeeds.
        case opening(after: Cause?)
        /// - Parameter port: `nil`: it is not a port that is listened on.
        case open(port: UInt16?)
        case failed(until: Instant, Cause)
    }

    public enum Action: Hashable, Sendable {
        /// Listen here, or ask the far side to (-R); report `opened` or `openFailed`.
        case openListener
        /// Stop listening (if it does), forget the port.
        case closeListener
        case setTimer(Instant)
        case cancelTimer
    }

    /// A busy port is free again soon or not for hours: half a second doubling to 30 s finds out without noise.
    public static let retryBackoff = Backoff(base: .milliseconds(500), cap: .seconds(30))

    public let kind: ForwardSpec.Kind
    public private(set) var isEnabled: Bool
    public private(set) var listener = Listener.idle
    public private(set) var gatewayIsUp = false
    /// Why the last probe failed. It stays the truth, over reconnects too, until one succeeds.
    private var probeFailure: Cause?
    private var backoff = ForwardStateMachine.retryBackoff

    public init(kind: ForwardSpec.Kind, isEnabled: Bool = true) {
        self.kind = kind
        self.isEnabled = isEnabled
    }

    public mutating func start() -> [Action] {
        guard isEnabled, listener == .idle, !kind.listensFarAway || gatewayIsUp else { return [] }
        listener = .opening(after: nil)
        return [.openListener]
    }

    public mutating func stop() -> [Action] {
        isEnabled = false
        listener = .idle
        return [.cancelTimer, .closeListener]
    }

    public mutating func gatewayUp() -> [Action] {
        gatewayIsUp = true
        guard kind.listensFarAway else { return [] }
        backoff.reset()
        return start()
    }

    public mutating func gatewayDown() -> [Action] {
        gatewayIsUp = false
        guard kind.listensFarAway, listener != .idle else { return [] }
        listener = .idle
        return [.cancelTimer, .closeListener]
    }

    public mutating func opened(port: UInt16?) {
        guard case .opening = listener else { return }
        listener = .open(port: port)
    }

    /// - Parameter jitter: a random number in `0 ..< 1`.
    public mutating func openFailed(_ cause: Cause, now: Instant, jitter: Double) -> [Action] {
        guard case .opening = listener else { return [] }
        let delay: Duration =
            switch cause.failureClass {
            // Not from zero: a retry at once of a port that is held cannot help.
            case .retry, .bug: max(backoff.next(jitter: jitter), .milliseconds(250))
            case .needsOperator: GatewayStateMachine.Policy.parkedRetry
            }
        listener = .failed(until: now + delay, cause)
        return [.setTimer(now + delay)]
    }

    /// The listener is gone, though nobody closed it.
    public mutating func lost(_ cause: Cause, now: Instant, jitter: Double) -> [Action] {
        guard case .open = listener else { return [] }
        listener = .opening(after: nil)
        return [.closeListener] + openFailed(cause, now: now, jitter: jitter)
    }

    public mutating func timerFired(now: Instant) -> [Action] {
        guard case .failed(let until, let cause) = listener else { return [] }
        guard now >= until else { return [.setTimer(until)] }
        listener = .opening(after: cause)
        return [.openListener]
    }

    /// An operator says: try at once.
    public mutating func retry() -> [Action] {
        guard case .failed(_, let cause) = listener else { return [] }
        backoff.reset()
        listener = .opening(after: cause)
        return [.cancelTimer, .openListener]
    }

    /// - Parameter cause: why the probe failed; `nil` where it succeeded.
    public mutating func probed(_ cause: Cause?) {
        probeFailure = cause
    }

    /// Whether it carries, as far as that is known without a probe.
    public var isReady: Bool { isEnabled && isOpen && gatewayIsUp }

    /// What users see.
    public var publicState: ForwardState {
        guard isEnabled else { return .disabled }
        if isReady { return probeFailure == nil ? .up : .degraded }
        if let cause {
            switch cause.failureClass {
            case .retry, .bug: return .degraded
            case .needsOperator: return .parked
            }
        }
        return .waiting
    }

    /// Why the listener is not open, or what the probe found.
    public var cause: Cause? {
        switch listener {
        case .failed(_, let cause): cause
        case .opening(let cause): cause
        case .open: gatewayIsUp ? probeFailure : nil
        case .idle: nil
        }
    }

    private var isOpen: Bool {
        if case .open = listener { true } else { false }
    }

    public var boundPort: UInt16? {
        if case .open(let port) = listener { port } else { nil }
    }
}
