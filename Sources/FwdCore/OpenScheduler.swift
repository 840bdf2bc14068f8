/// Decides which session of a gateway opens which channel, and when another session is worth its login. Pure.
///
/// A session has slots for opens under way: one on a stock libssh2, where a second open with other arguments is
/// answered with the first one's channel, and many on one with our patches. When opens wait too long for a slot,
/// because targets swallow SYNs or because the path is long, an overflow session of the same gateway takes some.
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
        /// Overflow sessions beside the first one, because opens wait.
        public static let maximumOverflow = 4
        /// The same where a session has one slot: a page of 50 connections is then there after some round trips.
        public static let maximumSerialOverflow = 12
        /// Logins at a time there. sshd begins to refuse at 10 that have not finished (sshd_config(5), MaxStartups).
        public static let serialLogins = 4
        /// Relays that one session carries before another one gets the next: for each packet sshd looks at all channels
        /// of a session, so that a busy one is slowed by all that are idle beside it.
        public static let comfortableLoad = 32
        /// Overflow sessions beside the first one, because there are so many relays.
        public static let maximumSpread = 15
        /// Opens under way on one session where libssh2 can have several. sshd holds a descriptor for each, of the 1,024
        /// that a process usually may have.
        public static let parallelSlots = 256
        /// Where there are several slots, one target may have one in so many of a session's, and fewer when it is slow:
        /// one that swallows SYNs leaves the rest to others.
        static let quickShare = 4
        static let slowShare = 16
        /// Opens that wait at once before another session is asked for.
        public static let queueLimit = 4
        /// An open that is older than this many round trips (and `slowFloor`) is slow: where there is one slot, its target
        /// gets no second one.
        public static let slowRoundTrips = 3.0
        public static let slowFloor = Duration.milliseconds(250)
        /// Targets remembered because their last open timed out. Clients that choose their targets can name as many as
        /// they like; one that is forgotten has to prove again that it is slow, which costs a slot for `slowFloor`.
        public static let suspectLimit = 1024
    }

    private struct Open: Sendable {
        let ticket: Ticket
        /// When it began to wait, or when it was begun.
        let since: Instant
    }

    /// How many opens one session may have under way.
    private let slotCount: Int
    /// The opens that wait for each target, of which there is at least one.
    private var waiting: [String: FirstInFirstOut<Open>] = [:]
    /// Those under way to each target on any session, at least one, the oldest first.
    private var opens: [String: [Open]] = [:]
    /// Targets whose last open ran into its deadline: they count as slow until one succeeds.
    private var suspects = RecentSet<String>(limit: Policy.suspectLimit)
    /// The opens under way on each ready session, with their targets.
    private var slots: [SessionID: [Ticket: String]] = [:]
    /// Relays that each ready session carries.
    private var loads: [SessionID: Int] = [:]
    /// Whether the gateway is up, so that more sessions may be asked for.
    private var isOnline = false
    /// Logins under way.
    private var spawning = 0
    /// No new session is asked for before this time: the last attempt failed.
    private var spawnNotBefore: Instant?
    /// Updated from the liveness ping.
    public var roundTrip = Duration.zero

    public init(slots: Int = 1) {
        slotCount = slots
    }

    public var queueLength: Int { waiting.values.reduce(0) { $0 + $1.count } }

    /// Targets that anything is remembered of, one that is remembered in several ways counted as often.
    public var targetCount: Int { waiting.count + opens.count + suspects.count }

    /// - Parameter ticket: greater than all before it.
    public mutating func enqueue(_ ticket: Ticket, target: String, now: Instant) -> [Action] {
        waiting[target, default: FirstInFirstOut()].append(Open(ticket: ticket, since: now))
        let actions = schedule(now: now)
        return mayLogIn(now: now) && isCrowded ? actions + spawn() : actions
    }

    /// The session carries so many relays now.
    public mutating func carries(_ count: Int, on session: SessionID) {
        if slots[session] != nil { loads[session] = count }
    }

    /// The client went away before its open began. `false` if it has begun.
    public mutating func withdraw(_ ticket: Ticket) -> Bool {
        for target in waiting.keys where waiting[target]?.remove(where: { $0.ticket == ticket }) == true {
            if waiting[target]?.isEmpty == true { waiting[target] = nil }
            return true
        }
        return false
    }

    /// The ticket's slot is free again.
    /// - Parameters:
    ///   - isTimeout: the open was abandoned at its deadline.
    ///   - isLast: the session takes no more opens.
    public mutating func finished(
        _ ticket: Ticket, on session: SessionID, isTimeout: Bool, isLast: Bool = false, now: Instant
    ) -> [Action] {
        guard let target = slots[session]?.removeValue(forKey: ticket) else { return [] }
        forget(ticket, target)
        if isTimeout { suspects.insert(target) } else { suspects.remove(target) }
        if isLast { sessionGone(session) }
        return schedule(now: now)
    }

    public mutating func sessionReady(_ session: SessionID, isOverflow: Bool, now: Instant) -> [Action] {
        isOnline = true
        if isOverflow { spawning = max(0, spawning - 1) }
        slots[session] = [:]
        return schedule(now: now)
    }

    /// A server that refuses more sessions is not asked again at once.
    public mutating func spawnFailed(now: Instant, retryAfter: Duration) -> [Action] {
        spawning = max(0, spawning - 1)
        spawnNotBefore = now + retryAfter
        return schedule(now: now)
    }

    /// The session takes no more opens (it died, or is being recycled).
    public mutating func sessionGone(_ session: SessionID) {
        loads[session] = nil
        for (ticket, target) in slots.removeValue(forKey: session) ?? [:] {
            forget(ticket, target)
        }
    }

    public mutating func tick(now: Instant) -> [Action] {
        schedule(now: now)
    }

    /// All sessions are gone; opens that wait stay in the queue.
    public mutating func reset() {
        for session in slots.keys { sessionGone(session) }
        suspects.removeAll()
        isOnline = false
        spawning = 0
        spawnNotBefore = nil
    }

    /// It is not under way any more.
    private mutating func forget(_ ticket: Ticket, _ target: String) {
        opens[target]?.removeAll { $0.ticket == ticket }
        if opens[target]?.isEmpty == true { opens[target] = nil }
    }

    private var slowAfter: Duration { max(Policy.slowFloor, roundTrip * Policy.slowRoundTrips) }

    private mutating func schedule(now: Instant) -> [Action] {
        var actions: [Action] = []
        while let session = nextSession, let (target, ticket) = takeNext(now: now) {
            slots[session]?[ticket] = target
            actions.append(.open(ticket, on: session))
        }
        return actions + growth(now: now)
    }

    /// The lowest number first: the first session, then the oldest overflow, so that younger ones fall idle. When all
    /// carry much, the one that carries least.
    private var nextSession: SessionID? {
        let free = slots.filter { $0.value.count < slotCount }.keys.sorted()
        return free.first { load(of: $0) < Policy.comfortableLoad } ?? free.min { load(of: $0) < load(of: $1) }
    }

    private func load(of session: SessionID) -> Int {
        (loads[session] ?? 0) + (slots[session]?.count ?? 0)
    }

    private var isCrowded: Bool {
        slots.count <= Policy.maximumSpread && !slots.isEmpty
            && slots.keys.allSatisfy { load(of: $0) >= Policy.comfortableLoad }
    }

    private func mayLogIn(now: Instant) -> Bool {
        isOnline && spawning == 0 && spawnNotBefore.map { now >= $0 } ?? true
    }

    private mutating func spawn(_ count: Int = 1) -> [Action] {
        spawning += count
        return Array(repeating: .spawnSession, count: count)
    }

    /// What may begin now, by its targets.
    private func eligible(now: Instant) -> [String: FirstInFirstOut<Open>] {
        waiting.filter { !isHeld($0.key, now: now) }
    }

    /// The oldest open that may begin, which then has begun.
    private mutating func takeNext(now: Instant) -> (target: String, ticket: Ticket)? {
        let next = eligible(now: now).min {
            ($0.value.first?.ticket ?? 0) < ($1.value.first?.ticket ?? 0)
        }
        guard let target = next?.key, let open = waiting[target]?.popFirst() else { return nil }
        if waiting[target]?.isEmpty == true { waiting[target] = nil }
        opens[target, default: []].append(Open(ticket: open.ticket, since: now))
        return (target, open.ticket)
    }

    /// Whether a target may not have a further slot now.
    private func isHeld(_ target: String, now: Instant) -> Bool {
        guard let underWay = opens[target], let oldest = underWay.first else { return false }
        let isSlow = suspects.contains(target) || now - oldest.since >= slowAfter
        // The one slot of another session is anybody's, but for what would block that one too.
        if slotCount == 1 { return isSlow }
        return underWay.count >= max(1, slotCount / (isSlow ? Policy.slowShare : Policy.quickShare))
    }

    /// How often to log in once more, or when to look again.
    private mutating func growth(now: Instant) -> [Action] {
        let isSerial = slotCount == 1
        let overflow = isSerial ? Policy.maximumSerialOverflow : Policy.maximumOverflow
        let room = min(overflow + 1 - slots.count, isSerial ? Policy.serialLogins : 1) - spawning
        guard isOnline, room > 0 else { return [] }
        let eligible = eligible(now: now).values
        guard let oldest = eligible.compactMap({ $0.first?.since }).min() else { return [] }
        if let spawnNotBefore, now < spawnNotBefore { return [.setTimer(spawnNotBefore)] }
        let count = eligible.reduce(0) { $0 + $1.count }
        guard slots.isEmpty || count > Policy.queueLimit || now - oldest >= slowAfter else {
            return [.setTimer(oldest + slowAfter)]
        }
        // One for every few that wait, those that log in already counted.
        let wanted = max(1, count / Policy.queueLimit) - spawning
        return wanted > 0 ? spawn(min(wanted, room)) : []
    }
}

/// A queue whose first element goes without moving the others.
struct FirstInFirstOut<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    /// Those before it are gone.
    private var start = 0

    var count: Int { elements.count - start }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : elements[start] }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard let element = first else { return nil }
        start += 1
        if start * 2 > elements.count {
            elements.removeFirst(start)
            start = 0
        }
        return element
    }

    /// - Returns: whether there was one.
    mutating func remove(where isIt: (Element) -> Bool) -> Bool {
        guard let index = elements[start...].firstIndex(where: isIt) else { return false }
        elements.remove(at: index)
        return true
    }

    mutating func removeAll(where isIt: (Element) -> Bool) {
        elements = elements[start...].filter { !isIt($0) }
        start = 0
    }
}
