/// What a figure of `fwd` shall reach.
public struct Target: Equatable, Sendable {
    /// What the bound is for.
    public enum Measure: Equatable, Sendable {
        /// The figure itself.
        case value
        /// The figure by that of another contender in the same run.
        case ratio(to: String)
        /// The figure by a constant that has a name.
        case share(of: Double, called: String)
    }

    public enum Bound: Equatable, Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    public enum Verdict: String, Sendable {
        case met, missed
        case notMeasured = "not measured"
    }

    public let title: String
    public let figure: String
    /// Whose figure.
    public let contender: String
    public let measure: Measure
    public let bound: Bound

    /// The measured counterpart of the bound.
    public func reached(in results: Results) -> Spread? {
        let series = results[figure, contender]
        switch measure {
        case .value: return series.spread
        case .ratio(let other): return Spread(series.ratios(to: results[figure, other]))
        case .share(let whole, _): return Spread(series.measured.map { $0 / whole })
        }
    }

    /// The median counts.
    public func verdict(in results: Results) -> Verdict {
        guard let reached = reached(in: results) else { return .notMeasured }
        switch bound {
        case .atLeast(let limit): return reached.median >= limit ? .met : .missed
        case .atMost(let limit): return reached.median <= limit ? .met : .missed
        }
    }
}
