/// One direction of a line: says of each packet when it comes out at the other end, or that it is lost.
///
/// Times are nanoseconds of any clock that does not go back.
public struct LineQueue: Sendable {
    private let nanosecondsPerByte: Double
    private let delay: Int64
    private let capacity: Int64
    /// When the last bit of all that was let in has left on the wire.
    private var busyUntil: Int64 = .min

    public init(_ conditions: LineConditions) {
        nanosecondsPerByte = 8e9 / Double(conditions.bitsPerSecond)
        delay = Int64(conditions.roundTrip / .nanoseconds(1)) / 2
        capacity = conditions.capacity
    }

    /// - Returns: when the packet arrives; `nil` if the queue has no room for it.
    public mutating func admit(wireBytes: Int, at now: Int64) -> Int64? {
        let start = max(busyUntil, now)
        let waiting = Double(start - now) / nanosecondsPerByte
        guard waiting + Double(wireBytes) <= Double(capacity) || start == now else { return nil }
        busyUntil = start + Int64(Double(wireBytes) * nanosecondsPerByte)
        return busyUntil + delay
    }
}
