/// Some figures that are measured together.
protocol Measurement: Sendable {
    /// The word for `--only`.
    var name: String { get }
    /// A word for `--only` that may name several measurements.
    var group: String { get }
    /// The ids of its figures.
    var figures: [String] { get }

    /// Records its figures for each contender, or the reasons why there are none.
    func measure(_ bench: Bench) throws
}

extension Measurement {
    var group: String { name }
}
