import NIOCore

/// Keeps TCP connections through a tunnel from sending segments that its device would not take: lowers the maximum
/// segment size in SYNs as they pass (RFC 9293 section 3.7.1), in both directions. Pure.
///
/// A host behind a tunneling machine has a larger MTU than a small tunnel, and would need messages of path MTU discovery
/// that many networks drop.
struct SegmentSizeClamp {
    /// From the specifications.
    private enum Number {
        static let tcp: UInt8 = 6
        static let syn: UInt8 = 0x02
        static let endOfOptions: UInt8 = 0
        static let noOperation: UInt8 = 1
        static let maximumSegmentSize: UInt8 = 2
        static let tcpHeader = 20
        static let ipv4Header = 20
        static let ipv6Header = 40
        static let checksum = 16
    }

    let mtu: Int

    /// - Parameter packet: an IP packet, whose first byte is at its reader index.
    /// - Parameter start: where the IP header begins, from there.
    func apply(to packet: inout ByteBuffer, at start: Int = 0) {
        let start = packet.readerIndex + start
        guard let (tcp, header) = Self.segment(in: packet, start), let option = Self.option(in: packet, tcp),
            let size: UInt16 = packet.getInteger(at: option),
            let limit = UInt16(exactly: max(0, mtu - header - Number.tcpHeader)), size > limit
        else { return }
        packet.setInteger(limit, at: option)
        // A word at an odd place counts with its bytes the other way round.
        let isOdd = (option - tcp) % 2 == 1
        Self.mend(
            &packet, at: tcp + Number.checksum, from: isOdd ? size.byteSwapped : size,
            to: isOdd ? limit.byteSwapped : limit)
    }

    /// Where the TCP header of a first fragment with a SYN is, and how long an IP header without options is.
    private static func segment(in packet: ByteBuffer, _ start: Int) -> (tcp: Int, header: Int)? {
        guard let first: UInt8 = packet.getInteger(at: start) else { return nil }
        let place: (Int, Int)?
        switch first >> 4 {
        case 4: place = segmentIPv4(in: packet, start, first).map { ($0, Number.ipv4Header) }
        case 6: place = segmentIPv6(in: packet, start).map { ($0, Number.ipv6Header) }
        default: place = nil
        }
        guard let place, let flags: UInt8 = packet.getInteger(at: place.0 + 13), flags & Number.syn != 0 else {
            return nil
        }
        return place
    }

    private static func segmentIPv4(in packet: ByteBuffer, _ start: Int, _ first: UInt8) -> Int? {
        guard packet.getInteger(at: start + 9) == Number.tcp, let fragment: UInt16 = packet.getInteger(at: start + 6),
            fragment & 0x1FFF == 0, first & 0x0F >= 5
        else { return nil }
        return start + Int(first & 0x0F) * 4
    }

    /// A SYN behind extension headers is left as it is: nobody sends one.
    private static func segmentIPv6(in packet: ByteBuffer, _ start: Int) -> Int? {
        packet.getInteger(at: start + 6) == Number.tcp ? start + Number.ipv6Header : nil
    }

    /// Where the value of the option is.
    private static func option(in packet: ByteBuffer, _ tcp: Int) -> Int? {
        guard let offset: UInt8 = packet.getInteger(at: tcp + 12) else { return nil }
        let end = min(tcp + Int(offset >> 4) * 4, packet.writerIndex)
        var index = tcp + Number.tcpHeader
        while index < end, let kind: UInt8 = packet.getInteger(at: index), kind != Number.endOfOptions {
            if kind == Number.noOperation {
                index += 1
                continue
            }
            guard let length: UInt8 = packet.getInteger(at: index + 1), length >= 2 else { return nil }
            if kind == Number.maximumSegmentSize {
                return length == 4 && index + 4 <= end ? index + 2 : nil
            }
            index += Int(length)
        }
        return nil
    }

    /// RFC 1624 section 3: the new checksum is ~(~old + ~from + to).
    private static func mend(_ packet: inout ByteBuffer, at index: Int, from: UInt16, to: UInt16) {
        guard let old: UInt16 = packet.getInteger(at: index) else { return }
        packet.setInteger(~InternetChecksum.fold(UInt32(~old) + UInt32(~from) + UInt32(to)), at: index)
    }
}

/// The checksum of IP and its protocols (RFC 1071).
enum InternetChecksum {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        var isHigh = true
        for byte in bytes {
            sum += isHigh ? UInt32(byte) << 8 : UInt32(byte)
            isHigh.toggle()
            if sum > 0xFFFF_0000 { sum = UInt32(fold(sum)) }
        }
        return ~fold(sum)
    }

    static func fold(_ sum: UInt32) -> UInt16 {
        var sum = sum
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return UInt16(sum)
    }
}
