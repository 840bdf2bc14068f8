/// Exponential backoff with full jitter, for ever.
///
/// The n-th delay is uniform in `0 ..< min(cap, base * 2^n)`; randomness comes in as an argument so that the machine
/// stays a value. The method is "full jitter" of M. Brooker, "Exponential Backoff And Jitter" (AWS, 2015).
public struct Backoff: Equatable, Sendable {
    public let base: Duration
    public let cap: Duration
    private(set) var exponent = 0

    /// - Parameters:
    ///   - base: upper bound of the first delay. Half a second: a restarting sshd is back by then.
    ///   - cap: upper bound of every delay. A minute: a gateway that returns is in use soon, and a fleet is no storm.
    public init(base: Duration = .milliseconds(500), cap: Duration = .seconds(60)) {
        self.base = base
        self.cap = cap
    }

    /// The next delay.
    /// - Parameter jitter: a random number in `0 ..< 1`.
    public mutating func next(jitter: Double) -> Duration {
        let ceiling = min(cap, base * Double(1 << exponent))
        if ceiling < cap { exponent += 1 }
        return ceiling * min(max(jitter, 0), 1)
    }

    public mutating func reset() {
        exponent = 0
    }
}

extension Duration {
    /// Seconds, with fraction.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
