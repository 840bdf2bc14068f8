/// The middle and the ends of some values.
public struct Spread: Equatable, Sendable {
    public let minimum: Double
    public let median: Double
    public let maximum: Double

    /// `nil` of no values.
    public init?(_ values: some Collection<Double>) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        (minimum, maximum) = (first, last)
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// The value that the share `quantile` of all values does not exceed: the nearest rank, no interpolation.
public func percentile(_ quantile: Double, of values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let rank = Int((quantile * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
}
