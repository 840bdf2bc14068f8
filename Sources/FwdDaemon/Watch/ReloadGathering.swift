/// Gathers changes of `forwards.d` until they rest: an editor or a deployment touches several things for one change.
/// Pure: `now` comes in, actions go out.
///
/// ```
///            change                        timer, and it rests
///   quiet ----------> gathering(since, due) -------------------> quiet, look
/// ```
struct ReloadGathering: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum State: Hashable, Sendable {
        case quiet
        case gathering(since: Instant, due: Instant)
    }

    enum Action: Hashable, Sendable {
        /// Call `timerFired` at that time.
        case setTimer(Instant)
        /// Compare the directory with what was read, and reload if they differ.
        case look
    }

    /// Our choices.
    enum Policy {
        /// Without a change for this long, a change is complete.
        static let quiet = Duration.milliseconds(300)
        /// From the first change: where they do not end, nobody waits longer.
        static let longest = Duration.seconds(2)
    }

    private(set) var state = State.quiet

    mutating func changed(now: Instant) -> [Action] {
        switch state {
        case .quiet:
            state = .gathering(since: now, due: now + Policy.quiet)
            return [.setTimer(now + Policy.quiet)]
        case .gathering(let since, _):
            // The timer that runs finds the new time.
            state = .gathering(since: since, due: min(now + Policy.quiet, since + Policy.longest))
            return []
        }
    }

    mutating func timerFired(now: Instant) -> [Action] {
        guard case .gathering(_, let due) = state else { return [] }
        if now < due { return [.setTimer(due)] }
        state = .quiet
        return [.look]
    }
}
