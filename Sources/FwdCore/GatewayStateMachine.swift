/// The life of one gateway. Pure: `now` and jitter come in, actions go out.
///
/// ```
/// stopped -> resolving -> connecting -> verifyingHost -> authenticating -> up -> draining -> stopped
///                ^____________ backingOff(until, cause) <______ any failure of class retry
///                                  parked(until, cause)  <______ class needsOperator
/// ```
///
/// A gateway may have several servers, in order of preference: an attempt that fails is followed at once by one at the
/// next, and only a whole round that fails waits. An ended session starts a new round.
///
/// Every attempt has a number; events of an attempt that is over are ignored, so that a late callback cannot move the
/// machine. Running an action never changes state except by raising a new event.
public struct GatewayStateMachine: Sendable {
    public typealias Instant = ContinuousClock.Instant

    public enum State: Hashable, Sendable {
        case stopped
        case resolving
        case connecting
        case verifyingHost
        case authenticating
        case up(since: Instant)
        case backingOff(until: Instant, Cause)
        case parked(until: Instant, Cause)
        case draining
    }

    public enum Action: Hashable, Sendable {
        /// Begin attempt `number`: resolve, connect, log in; report each step.
        case startAttempt(Int)
        /// Drop whatever attempt or session there is, without notice.
        case dropSession
        /// Call `timerFired` at that time. Replaces an earlier timer.
        case setTimer(Instant)
        case cancelTimer
        /// Let relays end, then report `drained`.
        case drain
    }

    /// Our choices.
    public enum Policy {
        /// A session that lived this long proves the path: the next failure starts with the shortest delay again.
        public static let stableAfter = Duration.seconds(60)
        /// A parked gateway is tried again this often: what only a person can mend is not mended by haste, and servers
        /// punish floods of failed logins (OpenSSH's PerSourcePenalties).
        public static let parkedRetry = Duration.seconds(15 * 60)
        /// A connection that waits for the gateway brings the next attempt forward to this long after the last one.
        public static let demandInterval = Duration.seconds(1)
    }

    public private(set) var state = State.stopped
    public private(set) var attempt = 0
    /// The server in use, or of the next attempt: 0 is the preferred one.
    public private(set) var server = 0
    private var servers: Int
    /// Why the servers before this one could not be used, in this round.
    private var round: [Cause] = []
    /// When the last attempt or session ended.
    private var lastFailure: Instant?
    private var backoff: Backoff

    /// - Parameter servers: how many there are.
    public init(backoff: Backoff = Backoff(), servers: Int = 1) {
        self.backoff = backoff
        self.servers = servers
    }

    public mutating func start() -> [Action] {
        switch state {
        case .stopped: beginAttempt()
        case .resolving, .connecting, .verifyingHost, .authenticating, .up, .backingOff, .parked, .draining: []
        }
    }

    public mutating func resolved(attempt number: Int) {
        if number == attempt, state == .resolving { state = .connecting }
    }

    public mutating func connected(attempt number: Int) {
        if number == attempt, state == .connecting { state = .verifyingHost }
    }

    public mutating func hostVerified(attempt number: Int) {
        if number == attempt, state == .verifyingHost { state = .authenticating }
    }

    public mutating func authenticated(attempt number: Int, now: Instant) {
        if number == attempt, state == .authenticating { state = .up(since: now) }
    }

    /// How many servers there are from now on. Whatever was under way must end at once.
    public mutating func setServers(_ count: Int) {
        servers = count
        server = 0
        round = []
    }

    /// The session that is up goes through the preferred server from now on.
    public mutating func failedBack() {
        if isUp { server = 0 }
    }

    /// The attempt failed, or the session ended.
    /// - Parameter jitter: a random number in `0 ..< 1`.
    public mutating func failed(attempt number: Int, _ cause: Cause, now: Instant, jitter: Double) -> [Action] {
        guard number == attempt else { return [] }
        switch state {
        case .stopped, .backingOff, .parked:
            return []
        case .draining:
            state = .stopped
            return [.dropSession]
        case .up(let since):
            if now - since >= Policy.stableAfter { backoff.reset() }
            round = []
        case .resolving, .connecting, .verifyingHost, .authenticating:
            round.append(cause)
            if server + 1 < servers {
                server += 1
                return [.dropSession] + beginAttempt()
            }
        }
        lastFailure = now
        return wait(because: roundCause ?? cause, now: now, jitter: jitter)
    }

    /// What may heal by itself comes first, because it says when to try again; among those, the preferred server's.
    private var roundCause: Cause? {
        round.first { $0.failureClass != .needsOperator } ?? round.first
    }

    private mutating func wait(because cause: Cause, now: Instant, jitter: Double) -> [Action] {
        server = 0
        round = []
        let until: Instant
        switch cause.failureClass {
        case .retry, .bug:
            until = now + backoff.next(jitter: jitter)
            state = .backingOff(until: until, cause)
        case .needsOperator:
            until = now + Policy.parkedRetry
            state = .parked(until: until, cause)
        }
        // In this order: dropping the session makes waiting clients demand the next one, which may move the timer.
        return [.setTimer(until), .dropSession]
    }

    public mutating func timerFired(now: Instant) -> [Action] {
        switch state {
        case .backingOff(let until, _), .parked(let until, _): now >= until ? beginAttempt() : [.setTimer(until)]
        case .stopped, .resolving, .connecting, .verifyingHost, .authenticating, .up, .draining: []
        }
    }

    /// An operator (or a changed network) says: try at once.
    public mutating func retry() -> [Action] {
        switch state {
        case .backingOff, .parked:
            backoff.reset()
            return [.cancelTimer] + beginAttempt()
        case .stopped, .resolving, .connecting, .verifyingHost, .authenticating, .up, .draining:
            return []
        }
    }

    /// A client waits for this gateway. Brings the next attempt forward, though never closer than `demandInterval` to
    /// the last one, and only where the network was the cause: never after a refused login.
    public mutating func demand(now: Instant) -> [Action] {
        guard case .backingOff(let until, let cause) = state, Self.isOfTheNetwork(cause.reason) else { return [] }
        let earliest = (lastFailure ?? now) + Policy.demandInterval
        guard earliest < until else { return [] }
        if now >= earliest { return [.cancelTimer] + beginAttempt() }
        state = .backingOff(until: earliest, cause)
        return [.setTimer(earliest)]
    }

    /// The machine's network is another one now: what failed because of the network starts again with short delays, and
    /// so does an attempt that fails because it began before. One change leads to one attempt at most, and never to one
    /// after a refused login.
    public mutating func networkChanged(now: Instant) -> [Action] {
        switch state {
        case .backingOff(_, let cause):
            guard Self.isOfTheNetwork(cause.reason) else { return [] }
            backoff.reset()
            return demand(now: now)
        case .resolving, .connecting, .verifyingHost, .authenticating:
            backoff.reset()
            return []
        case .stopped, .up, .parked, .draining:
            return []
        }
    }

    /// Stop for good (until `start`).
    public mutating func stop() -> [Action] {
        switch state {
        case .stopped, .draining:
            return []
        case .up:
            state = .draining
            return [.drain]
        case .resolving, .connecting, .verifyingHost, .authenticating, .backingOff, .parked:
            state = .stopped
            return [.cancelTimer, .dropSession]
        }
    }

    public mutating func drained() -> [Action] {
        guard state == .draining else { return [] }
        state = .stopped
        return [.dropSession]
    }

    private mutating func beginAttempt() -> [Action] {
        attempt += 1
        state = .resolving
        return [.startAttempt(attempt)]
    }

    private static func isOfTheNetwork(_ reason: Cause.Reason) -> Bool {
        switch reason {
        case .dns, .connect, .lost, .timeout: true
        case .handshake, .protocol, .hostKey, .auth, .identity, .agent, .jump, .bind, .remoteListen, .portInUse,
            .stalePort, .probe, .limit, .target, .forbidden, .config, .requested, .internal:
            false
        }
    }
}

extension GatewayStateMachine {
    public var publicState: GatewayState {
        switch state {
        case .stopped: .stopped
        case .resolving: .resolving
        case .connecting: .connecting
        case .verifyingHost: .verifyingHost
        case .authenticating: .authenticating
        case .up: .up
        case .backingOff: .backingOff
        case .parked: .parked
        case .draining: .draining
        }
    }

    /// Why it waits, and until when.
    public var waiting: (until: Instant, cause: Cause)? {
        switch state {
        case .backingOff(let until, let cause), .parked(let until, let cause): (until, cause)
        case .stopped, .resolving, .connecting, .verifyingHost, .authenticating, .up, .draining: nil
        }
    }

    public var isUp: Bool { publicState == .up }
}
