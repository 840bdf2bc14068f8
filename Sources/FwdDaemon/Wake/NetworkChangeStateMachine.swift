/// Gathers changes of the network, and says when to tell the gateways. Pure: `now` comes in, actions go out.
///
/// ```
///            change                      timer
///   quiet ----------> gathering(until) ----------> quiet, fire
/// ```
///
/// A change seldom comes alone: a link, its address and its routes are one event. And where changes do not end (a
/// flapping link, containers, a routing daemon), each firing puts the next one twice as far off, so that the gateways'
/// backoff still means something; a minute without a change ends that.
struct NetworkChangeStateMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum State: Hashable, Sendable {
        case quiet
        case gathering(until: Instant)
    }

    enum Action: Hashable, Sendable {
        /// Call `timerFired` at that time. An earlier timer may stay.
        case setTimer(Instant)
        /// Tell all gateways.
        case fire(reasons: [String])
    }

    /// Our choices.
    enum Policy {
        /// From the first change to the firing, and between two firings.
        static let gathering = Duration.seconds(1)
        /// Between two firings of a network that never rests: as long as a gateway's own longest wait.
        static let longestSpacing = Duration.seconds(60)
        /// Without a change for this long, the next one counts as the first.
        static let calm = Duration.seconds(60)
        /// Reasons that are named in one firing.
        static let reasons = 4
    }

    private(set) var state = State.quiet
    private var reasons: [String] = []
    private var spacing = Policy.gathering
    private var lastFired: Instant?
    private var lastChange: Instant?

    mutating func changed(_ reason: String, now: Instant) -> [Action] {
        if let lastChange, now - lastChange >= Policy.calm { spacing = Policy.gathering }
        lastChange = now
        note(reason)
        switch state {
        case .gathering:
            return []
        case .quiet:
            let earliest = lastFired.map { $0 + spacing } ?? now
            return gather(until: max(now + Policy.gathering, earliest))
        }
    }

    /// The machine has slept: it may be anywhere now, whatever was before.
    mutating func woke(_ reason: String, now: Instant) -> [Action] {
        spacing = Policy.gathering
        note(reason)
        let soon = now + Policy.gathering
        if case .gathering(let until) = state, until <= soon { return [] }
        return gather(until: soon)
    }

    mutating func timerFired(now: Instant) -> [Action] {
        guard case .gathering(let until) = state, now >= until else { return [] }
        state = .quiet
        lastFired = now
        spacing = min(spacing * 2, Policy.longestSpacing)
        defer { reasons = [] }
        return [.fire(reasons: reasons)]
    }

    private mutating func gather(until: Instant) -> [Action] {
        state = .gathering(until: until)
        return [.setTimer(until)]
    }

    private mutating func note(_ reason: String) {
        if reasons.count < Policy.reasons, !reasons.contains(reason) { reasons.append(reason) }
    }
}
