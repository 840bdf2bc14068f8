/// How fast bytes may flow: so many a second, with a little ahead. Pure; time comes in.
///
/// Bytes are counted when they have flowed, so one read may take more than there is. The debt is paid off before the
/// next one: over any time `t`, at most `rate * t + capacity` bytes and the last read have flowed.
public struct TokenBucket: Hashable, Sendable {
    /// Our choice: a tenth of a second's worth is saved up by an idle forward, or what one small read takes.
    private static let smallestCapacity = 4096.0

    /// Bytes a second.
    private let rate: Double
    private let capacity: Double
    /// Below zero is debt.
    private var level: Double
    private var updated: ContinuousClock.Instant

    public init(bytesPerSecond: Int, now: ContinuousClock.Instant) {
        rate = Double(max(1, bytesPerSecond))
        capacity = max(rate / 10, Self.smallestCapacity)
        level = capacity
        updated = now
    }

    /// So many bytes have flowed.
    public mutating func spend(_ count: Int, now: ContinuousClock.Instant) {
        refill(now)
        level -= Double(count)
    }

    /// How long until bytes may flow; zero: now.
    public mutating func delay(now: ContinuousClock.Instant) -> Duration {
        refill(now)
        // Half a byte is a rounding error, not debt.
        return level > -0.5 ? .zero : .seconds(-level / rate)
    }

    private mutating func refill(_ now: ContinuousClock.Instant) {
        guard now > updated else { return }
        level = min(capacity, level + (now - updated).inSeconds * rate)
        updated = now
    }
}
