/// The values of one figure of one contender, one for each run; a run that failed has none.
public struct Series: Codable, Equatable, Sendable {
    public var values: [Double?] = []
    /// Why runs failed; each reason once.
    public var reasons: [String] = []
    /// Why the figure was not measured at all.
    public var absence: String?

    public init(values: [Double?] = [], reasons: [String] = [], absence: String? = nil) {
        (self.values, self.reasons, self.absence) = (values, reasons, absence)
    }

    public mutating func record(_ value: Double?, run: Int) {
        while values.count <= run { values.append(nil) }
        values[run] = value
    }

    public mutating func note(_ reason: String) {
        if !reasons.contains(reason) { reasons.append(reason) }
    }

    public var measured: [Double] { values.compactMap { $0 } }
    public var spread: Spread? { Spread(measured) }

    /// Each run's value by that of the base in the same run, for runs that both have.
    public func ratios(to base: Series) -> [Double] {
        zip(values, base.values).compactMap { value, base in
            guard let value, let base, base != 0 else { return nil }
            return value / base
        }
    }

    var rounded: Series {
        Series(values: values.map { $0.map(roundedToFive) }, reasons: reasons, absence: absence)
    }
}
