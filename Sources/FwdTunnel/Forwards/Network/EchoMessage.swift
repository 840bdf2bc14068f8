import NIOCore

/// An echo request or reply (RFC 792, RFC 4443 section 4), in an IP packet without options. Pure.
struct EchoMessage: Hashable {
    /// From the specifications.
    private enum Number {
        static let icmp: UInt8 = 1
        static let icmpv6: UInt8 = 58
        static let replyIPv4: UInt8 = 0
        static let requestIPv4: UInt8 = 8
        static let requestIPv6: UInt8 = 128
        static let replyIPv6: UInt8 = 129
        static let hops: UInt8 = 64
        static let ipv4Header = 20
        static let ipv6Header = 40
    }

    /// 4 or 16 bytes, both alike.
    let source: [UInt8]
    let destination: [UInt8]
    let identifier: UInt16
    let sequence: UInt16
    let payload: [UInt8]

    /// The request as a packet.
    var request: [UInt8] {
        source.count == 4
            ? Self.packetIPv4(from: source, to: destination, message(Number.requestIPv4, pseudoHeader: []))
            : Self.packetIPv6(from: source, to: destination, message(Number.requestIPv6, pseudoHeader: pseudoHeader))
    }

    /// Whether `packet` is the reply to this request.
    func isAnswered(by packet: ByteBuffer) -> Bool {
        let isIPv4 = source.count == 4
        let header = isIPv4 ? Number.ipv4Header : Number.ipv6Header
        let (first, type, next, addresses) =
            isIPv4
            ? (UInt8(0x45), Number.replyIPv4, (9, Number.icmp), 12) : (0x60, Number.replyIPv6, (6, Number.icmpv6), 8)
        let bytes = packet.readableBytesView
        guard bytes.count == header + 8 + payload.count else { return false }
        func byte(_ index: Int) -> UInt8 { bytes[bytes.startIndex + index] }
        func range(_ start: Int, _ count: Int) -> some Sequence<UInt8> {
            bytes[(bytes.startIndex + start)..<(bytes.startIndex + start + count)]
        }
        return (isIPv4 ? byte(0) == first : byte(0) & 0xF0 == first) && byte(next.0) == next.1 && byte(header) == type
            && range(addresses, source.count).elementsEqual(destination)
            && range(addresses + source.count, source.count).elementsEqual(source)
            && range(header + 4, 4 + payload.count).elementsEqual(words + payload)
    }

    private var words: [UInt8] { Self.bytes(identifier) + Self.bytes(sequence) }

    private func message(_ type: UInt8, pseudoHeader: [UInt8]) -> [UInt8] {
        let sum = InternetChecksum.of(pseudoHeader + [type, 0, 0, 0] + words + payload)
        return [type, 0] + Self.bytes(sum) + words + payload
    }

    /// RFC 8200 section 8.1.
    private var pseudoHeader: [UInt8] {
        source + destination + [0, 0] + Self.bytes(UInt16(8 + payload.count)) + [0, 0, 0, Number.icmpv6]
    }

    private static func packetIPv4(from source: [UInt8], to destination: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let start =
            [0x45, 0] + bytes(UInt16(Number.ipv4Header + message.count)) + [0, 0, 0, 0, Number.hops, Number.icmp]
        let sum = InternetChecksum.of(start + [0, 0] + source + destination)
        return start + bytes(sum) + source + destination + message
    }

    private static func packetIPv6(from source: [UInt8], to destination: [UInt8], _ message: [UInt8]) -> [UInt8] {
        [0x60, 0, 0, 0] + bytes(UInt16(message.count)) + [Number.icmpv6, Number.hops] + source + destination + message
    }

    private static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
}
