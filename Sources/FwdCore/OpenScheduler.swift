/// Decides which session of a gateway opens which channel, and when another session is worth its login. Pure.
///
/// libssh2 has one channel-open slot per session, and a second open with other arguments is answered with the first
/// one's channel. So each session gets one open at a time; when opens wait too long, because one target swallows SYNs
/// or because the path is long, an overflow session of the same gateway takes some.
public struct OpenScheduler: Sendable {
    public typealias Instant = ContinuousClock.Instant
    public typealias SessionID = Int
    public typealias Ticket = Int

    public enum Action: Hashable, Sendable {
        /// Ask this session for the ticket's channel; report `finished`.
        case open(Ticket, on: SessionID)
        /// Log in once more; report `sessionReady` or `spawnFailed`.
        case spawnSession
        /// Call `tick` at that time.
        case setTimer(Instant)
    }

    /// Our choices.
    public enum Policy {
        /// Overflow sessions beside the first one.
        public static let maximumOverflow = 4
        /// Opens that wait at once before another session is asked for.
        public static let queueLimit = 4
        /// An open that is older than this many round trips (and `slowFloor`) is slow: its target gets no second slot.
        public static let slowRoundTrips = 3.0
        public static let slowFloor = Duration.milliseconds(250)
    }

    private struct Waiting {
        let ticket: Ticket
        let target: String
        let since: Instant
    }

    private var waiting: [Waiting] = []
    /// The open that each ready session works on.
    private var slots: [SessionID: Waiting?] = [:]
    /// Whether the gateway is up, so that more sessions may be asked for.
    private var isOnline = false
    private var isSpawning = false
    /// No new session is asked for before this time: the last attempt failed.
    private var spawnNotBefore: Instant?
    /// Targets whose last open ran into its deadline: they get one slot at a time until one succeeds.
    private var suspects: Set<String> = []
    /// Updated from the liveness ping.
    public var roundTrip = Duration.zero

    public init() {}

    public var queueLength: Int { waiting.count }

    public mutating func enqueue(_ ticket: Ticket, target: String, now: Instant) -> [Action] {
        waiting.append(Waiting(ticket: ticket, target: target, since: now))
        return schedule(now: now)
    }

    /// The client went away before its open began. `false` if it has begun.
    public mutating func withdraw(_ ticket: Ticket) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// The session's slot is free again.
    /// - Parameters:
    ///   - isTimeout: the open was abandoned at its deadline.
    ///   - isLast: the session takes no more opens.
    public mutating func finished(
        on session: SessionID, isTimeout: Bool, isLast: Bool = false, now: Instant
    ) -> [Action] {
        guard let slot = slots[session] else { return [] }
        if let target = slot?.target {
            if isTimeout { suspects.insert(target) } else { suspects.remove(target) }
        }
        slots[session] = isLast ? nil : .some(nil)
        return schedule(now: now)
    }

    public mutating func sessionReady(_ session: SessionID, isOverflow: Bool, now: Instant) -> [Action] {
        isOnline = true
        if isOverflow { isSpawning = false }
        slots[session] = .some(nil)
        return schedule(now: now)
    }

    /// A server that refuses more sessions is not asked again at once.
    public mutating func spawnFailed(now: Instant, retryAfter: Duration) -> [Action] {
        isSpawning = false
        spawnNotBefore = now + retryAfter
        return schedule(now: now)
    }

    /// The session takes no more opens (it died, or is being recycled).
    public mutating func sessionGone(_ session: SessionID) {
        slots[session] = nil
    }

    public mutating func tick(now: Instant) -> [Action] {
        schedule(now: now)
    }

    /// All sessions are gone; opens that wait stay in the queue.
    public mutating func reset() {
        slots = [:]
        suspects = []
        isOnline = false
        isSpawning = false
        spawnNotBefore = nil
    }

    private var slowAfter: Duration { max(Policy.slowFloor, roundTrip * Policy.slowRoundTrips) }

    private mutating func schedule(now: Instant) -> [Action] {
        var actions: [Action] = []
        // The lowest number first: the first session, then the oldest overflow, so that younger ones fall idle.
        for session in slots.keys.sorted() where isFree(session) {
            guard let next = takeNext(now: now) else { break }
            slots[session] = Waiting(ticket: next.ticket, target: next.target, since: now)
            actions.append(.open(next.ticket, on: session))
        }
        return actions + growth(now: now)
    }

    private func isFree(_ session: SessionID) -> Bool {
        guard let slot = slots[session] else { return false }
        return slot == nil
    }

    private mutating func takeNext(now: Instant) -> Waiting? {
        let slow = slowTargets(now: now)
        guard let index = waiting.firstIndex(where: { !slow.contains($0.target) }) else { return nil }
        return waiting.remove(at: index)
    }

    /// Targets that may not have a second slot now.
    private func slowTargets(now: Instant) -> Set<String> {
        let limit = slowAfter
        let held = slots.values.compactMap { $0 }
        return Set(held.filter { suspects.contains($0.target) || now - $0.since >= limit }.map(\.target))
    }

    /// Whether to log in once more, or when to look again.
    private mutating func growth(now: Instant) -> [Action] {
        guard isOnline, !isSpawning, !waiting.isEmpty, slots.count <= Policy.maximumOverflow else { return [] }
        let slow = slowTargets(now: now)
        // As many as the decision needs: thousands may wait.
        let eligible = waiting.lazy.filter { !slow.contains($0.target) }.prefix(Policy.queueLimit + 1)
        guard let oldest = eligible.first else { return [] }
        if let spawnNotBefore, now < spawnNotBefore { return [.setTimer(spawnNotBefore)] }
        guard slots.isEmpty || eligible.count > Policy.queueLimit || now - oldest.since >= slowAfter else {
            return [.setTimer(oldest.since + slowAfter)]
        }
        isSpawning = true
        return [.spawnSession]
    }
}
