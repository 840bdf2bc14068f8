import BenchSystem

/// What one end of a stream has seen of it.
public struct StreamSummary: Sendable {
    public var bytes = 0
    public var hash: StreamHash.Value = []
    /// At the receiver: of the first and the last byte.
    public var first: Moment?
    public var last: Moment?
    /// At the receiver: bytes in each tenth of a second of the monotonic clock, from the one named by `firstBin`.
    public var bins: [Int] = []
    public var firstBin = 0

    public static let binLength: Int64 = 100_000_000

    mutating func note(_ count: Int, at moment: Moment) {
        bytes += count
        if first == nil {
            first = moment
            firstBin = Int(moment.nanoseconds / Self.binLength)
        }
        last = moment
        let bin = Int(moment.nanoseconds / Self.binLength) - firstBin
        while bins.count <= bin { bins.append(0) }
        bins[bin] += count
    }
}
