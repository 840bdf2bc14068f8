import BenchSystem

/// What the receiving ends of the streams of one run have seen, together.
public struct BulkResult: Sendable {
    public let bytes: Int
    /// From the order to start to the last byte at a receiver.
    public let seconds: Double
    /// MB per second in each whole tenth of a second from the start.
    public let timeline: [Double]

    public var megabytesPerSecond: Double { Double(bytes) / 1e6 / seconds }
    public var gigabytes: Double { Double(bytes) / 1e9 }

    init(start: Moment, ends: [StreamSummary]) {
        bytes = ends.map(\.bytes).reduce(0, +)
        let last = ends.compactMap(\.last).max() ?? start
        seconds = last.seconds(since: start)
        let origin = Int(start.nanoseconds / StreamSummary.binLength)
        let length = Int(last.nanoseconds / StreamSummary.binLength) - origin
        var bins = [Int](repeating: 0, count: max(length, 0))
        for end in ends {
            for (number, count) in end.bins.enumerated() where bins.indices.contains(end.firstBin + number - origin) {
                bins[end.firstBin + number - origin] += count
            }
        }
        timeline = bins.map { Double($0) / 1e6 / (Double(StreamSummary.binLength) / 1e9) }
    }

    /// MB per second once the first seconds are over, which connections need to find their speed.
    public func megabytesPerSecond(after settling: Duration) -> Double? {
        let settled = timeline.dropFirst(Int(settling.nanoseconds / StreamSummary.binLength))
        return settled.isEmpty ? nil : settled.reduce(0, +) / Double(settled.count)
    }
}
