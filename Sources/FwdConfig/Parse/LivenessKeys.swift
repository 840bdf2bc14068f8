/// `liveness`: when a silent server counts as dead.
extension GatewayChecker {
    /// Our choice: more would be a slip of the hand.
    private static let counts = 1...100

    mutating func liveness(_ field: ConfigField) -> DeclaredLiveness {
        guard let fields = section(field, keys: KeyReference.liveness.names) else { return DeclaredLiveness() }
        let expected = "a number from \(Self.counts.lowerBound) to \(Self.counts.upperBound)"
        return DeclaredLiveness(
            interval: fields["interval"].flatMap { period($0) },
            count: fields["count"].flatMap { value($0, expected: expected) { Scalars.number($0, in: Self.counts) } })
    }

    /// A duration of at least a second.
    mutating func period(_ field: ConfigField) -> Duration? {
        value(field, expected: Scalars.expectedPeriod, Scalars.period)
    }
}
