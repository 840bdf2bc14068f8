/// How many bytes a packet takes on an Ethernet wire.
public enum WireSize {
    /// Header and checksum of a frame, preamble, and the gap between frames.
    static let frameOverhead = 14 + 4 + 8 + 12
    static let smallestFrame = 64 + 8 + 12

    /// A packet that is several TCP segments in one, as network cards take and give them.
    static func ofSegments(payload: Int, segmentSize: Int, headers: Int) -> Int {
        let whole = segmentSize > 0 ? payload / segmentSize : 0
        let rest = payload - whole * segmentSize
        let last = rest > 0 || whole == 0 ? frame(rest + headers) : 0
        return whole * frame(segmentSize + headers) + last
    }

    /// - Parameters:
    ///   - packet: an IP packet.
    ///   - segmentSize: the payload of each of its segments; 0 where it is one.
    public static func of(_ packet: UnsafeRawBufferPointer, segmentSize: Int) -> Int {
        guard segmentSize > 0, let headers = headerLength(packet) else { return frame(packet.count) }
        return ofSegments(payload: packet.count - headers, segmentSize: segmentSize, headers: headers)
    }

    private static func frame(_ packet: Int) -> Int {
        max(packet + frameOverhead, smallestFrame)
    }

    /// Of IPv4 and TCP together; `nil` for anything else.
    private static func headerLength(_ packet: UnsafeRawBufferPointer) -> Int? {
        guard packet.count >= 40, packet[0] >> 4 == 4, packet[9] == 6 else { return nil }
        let network = Int(packet[0] & 0xf) * 4
        guard packet.count > network + 12 else { return nil }
        let length = network + Int(packet[network + 12] >> 4) * 4
        return length <= packet.count ? length : nil
    }
}
