import NIOCore

/// Packets that wait for room in a tunnel: few, and none for long. Pure.
///
/// Whoever sends through a tunnel finds out from lost packets how much it carries. So what does not fit is dropped, and
/// not kept: a queue without bound would only make everybody's answers late.
struct PacketQueue {
    typealias Instant = ContinuousClock.Instant

    /// Our choices.
    enum Policy {
        /// What fills the pause until the far side says again that it has taken something, and a burst of one sender.
        static let byteLimit = 256 * 1024
        /// A packet that has waited for so long is late on any path.
        static let ageLimit = Duration.milliseconds(200)
    }

    private struct Waiting {
        let packet: ByteBuffer
        let since: Instant
    }

    private var waiting = CircularBuffer<Waiting>()
    private(set) var byteCount = 0

    var isEmpty: Bool { waiting.isEmpty }

    /// - Returns: whether there was room.
    mutating func append(_ packet: ByteBuffer, now: Instant) -> Bool {
        guard byteCount + packet.readableBytes <= Policy.byteLimit else { return false }
        byteCount += packet.readableBytes
        waiting.append(Waiting(packet: packet, since: now))
        return true
    }

    /// Forgets what has waited for too long.
    /// - Returns: how many packets that were.
    mutating func dropLate(now: Instant) -> Int {
        var count = 0
        while let first = waiting.first, now - first.since > Policy.ageLimit {
            remove()
            count += 1
        }
        return count
    }

    var first: ByteBuffer? { waiting.first?.packet }

    mutating func removeFirst() -> ByteBuffer? {
        waiting.isEmpty ? nil : remove()
    }

    /// - Returns: how many packets that were.
    mutating func removeAll() -> Int {
        defer {
            waiting.removeAll()
            byteCount = 0
        }
        return waiting.count
    }

    @discardableResult
    private mutating func remove() -> ByteBuffer {
        let packet = waiting.removeFirst().packet
        byteCount -= packet.readableBytes
        return packet
    }
}
