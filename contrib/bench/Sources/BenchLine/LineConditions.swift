/// What a line does to packets, the same in both directions.
public struct LineConditions: Equatable, Sendable {
    /// There and back, without queueing.
    public let roundTrip: Duration
    /// On the wire, with all headers.
    public let bitsPerSecond: Int64
    /// How many bytes may wait for the line in one direction; what comes then is lost.
    public let capacity: Int64

    /// A queue of twice what is under way at 100 ms, for each direction: connections find their speed without losses.
    public init(roundTrip: Duration, bitsPerSecond: Int64 = 1_000_000_000, capacity: Int64 = 25_000_000) {
        (self.roundTrip, self.bitsPerSecond, self.capacity) = (roundTrip, bitsPerSecond, capacity)
    }

    /// What TCP can carry at most with an MTU of 1500 and timestamps, in MB per second.
    public var goodput: Double {
        let segment = 1448
        let wire = WireSize.ofSegments(payload: segment, segmentSize: segment, headers: 52)
        return Double(bitsPerSecond) / 8 / 1e6 * Double(segment) / Double(wire)
    }
}
