/// The opens of one gateway that wait, by their targets, and which targets answered while somebody waited for them. Pure.
///
/// A target that nobody waits for is forgotten, so that clients that choose their targets do not fill the memory.
public struct WaitingTargets<Target: Hashable & Sendable>: Sendable {
    public typealias Instant = ContinuousClock.Instant

    private struct Entry: Sendable {
        var waiting = 0
        var lastAnswer: Instant?
    }

    private var entries: [Target: Entry] = [:]

    public init() {}

    /// Targets that are remembered.
    public var count: Int { entries.count }

    public mutating func enter(_ target: Target) {
        entries[target, default: Entry()].waiting += 1
    }

    /// Once for each `enter`.
    public mutating func leave(_ target: Target) {
        guard var entry = entries[target] else { return }
        entry.waiting -= 1
        entries[target] = entry.waiting > 0 ? entry : nil
    }

    /// An open that comes later waits its whole time in any case, so that nothing is noted where nobody waits.
    public mutating func answered(_ target: Target, now: Instant) {
        entries[target]?.lastAnswer = now
    }

    /// When an open to this target was answered last, while others waited.
    public func lastAnswer(of target: Target) -> Instant? {
        entries[target]?.lastAnswer
    }
}
