/// When a forward is probed, and what it proves. Pure.
///
/// ```
///         ready              timer                finished
///   off ---------> waiting ---------> running --------------> waiting
///    ^                |                  |
///    +----------------+------------------+ unready
/// ```
///
/// What users' own connections prove is not asked for again: a busy forward is not probed by connections.
public struct ProbeStateMachine: Sendable {
    public typealias Instant = ContinuousClock.Instant

    public enum Action: Hashable, Sendable {
        /// Begin probe `number`; report `finished`.
        case start(Int)
        /// Forget probe `number`, if it runs.
        case abort(Int)
        /// Call `timerFired` at that time. Replaces an earlier timer.
        case setTimer(Instant)
        case cancelTimer
    }

    /// Our choices.
    public enum Policy {
        /// A failed probe is repeated after this, doubling up to its interval: recovery is seen soon.
        public static let firstRetry = Duration.seconds(1)
        /// One that got no answer holds a slot for opens as long as it waits, so it is repeated less often, up to this.
        public static let slowest = Duration.seconds(300)
        /// The first probes of many forwards are spread over this.
        public static let spread = Duration.seconds(1)
    }

    private enum State: Hashable, Sendable {
        case off
        case waiting(until: Instant)
        case running(since: Instant)
    }

    public let probe: Probe
    private var state = State.off
    private var number = 0
    private var failures = 0
    private var timeouts = 0

    public init(_ probe: Probe) {
        self.probe = probe
    }

    /// The forward could carry from now on.
    /// - Parameter jitter: a random number in `0 ..< 1`.
    public mutating func ready(now: Instant, jitter: Double) -> [Action] {
        guard state == .off else { return [] }
        return wait(until: now + Policy.spread * jitter)
    }

    /// It cannot, and that is known without a probe.
    public mutating func unready() -> [Action] {
        defer { state = .off }
        switch state {
        case .off: return []
        case .waiting: return [.cancelTimer]
        case .running: return [.cancelTimer, .abort(number)]
        }
    }

    public mutating func timerFired(now: Instant) -> [Action] {
        guard case .waiting(let until) = state else { return [] }
        guard now >= until else { return [.setTimer(until)] }
        number += 1
        state = .running(since: now)
        return [.start(number)]
    }

    public mutating func succeeded(_ finished: Int, now: Instant) -> [Action] {
        guard finished == number, case .running(let since) = state else { return [] }
        failures = 0
        timeouts = 0
        return wait(until: max(since + probe.every, now))
    }

    /// - Parameter isTimeout: nothing was answered.
    public mutating func failed(_ finished: Int, isTimeout: Bool, now: Instant) -> [Action] {
        guard finished == number, case .running = state else { return [] }
        failures += 1
        timeouts = isTimeout ? timeouts + 1 : 0
        return wait(until: now + delay)
    }

    /// An operator says: ask at once.
    public mutating func retry(now: Instant) -> [Action] {
        guard case .waiting = state else { return [] }
        return wait(until: now)
    }

    /// A user's connection has reached the target.
    /// - Returns: whether that proves as much as a probe.
    public mutating func connectionSucceeded(now: Instant) -> (isProof: Bool, actions: [Action]) {
        guard case .waiting = state else { return (false, []) }
        guard case .connect = probe.method else {
            return (false, failures > 0 ? wait(until: now) : [])
        }
        failures = 0
        timeouts = 0
        return (true, wait(until: now + probe.every))
    }

    /// A user's connection has not reached the target: ask soon whether that is so.
    public mutating func connectionFailed(now: Instant) -> [Action] {
        guard case .waiting(let until) = state, failures == 0, now + Policy.firstRetry < until else { return [] }
        return wait(until: now + Policy.firstRetry)
    }

    private mutating func wait(until: Instant) -> [Action] {
        state = .waiting(until: until)
        return [.setTimer(until)]
    }

    private var delay: Duration {
        let doubled = { (base: Duration, count: Int) in base * Double(1 << min(max(count - 1, 0), 12)) }
        if timeouts > 0 {
            return min(doubled(probe.every, timeouts), max(Policy.slowest, probe.every))
        }
        return min(doubled(Policy.firstRetry, failures), probe.every)
    }
}
