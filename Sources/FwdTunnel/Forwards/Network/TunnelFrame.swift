import NIOCore

/// One packet as it goes over a tun channel: a `uint32` with the address family, then the IP packet (OpenSSH PROTOCOL
/// section 2.3).
enum TunnelFrame {
    /// From the specification: OpenSSH's own numbers, whatever those of the systems are.
    enum Family: UInt32 {
        case ipv4 = 2
        case ipv6 = 24
    }

    static let headerLength = 4

    /// - Returns: `nil` for what is neither IPv4 nor IPv6.
    static func family(ofVersion firstByte: UInt8) -> Family? {
        switch firstByte >> 4 {
        case 4: .ipv4
        case 6: .ipv6
        default: nil
        }
    }

    /// - Returns: `nil` where the packet is of neither family.
    static func encode(_ packet: UnsafeRawBufferPointer, _ allocator: ByteBufferAllocator) -> ByteBuffer? {
        guard let first = packet.first, let family = family(ofVersion: first) else { return nil }
        var frame = allocator.buffer(capacity: headerLength + packet.count)
        frame.writeInteger(family.rawValue)
        frame.writeBytes(packet)
        return frame
    }
}

/// What a far side sent that is no packet.
struct TunnelFrameError: Error, Hashable, CustomStringConvertible {
    let description: String
}

/// Finds the packets in what came over a tun channel. The channel's messages are one each, but a library that reads it
/// as a stream does not show where they end, so the IP headers tell.
struct TunnelFrameDecoder {
    private var buffer = ByteBuffer()

    /// What has come of a packet whose end has not.
    var pendingBytes: Int { buffer.readableBytes }

    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 { buffer.clear() } else { buffer.discardReadBytes() }
        buffer.writeImmutableBuffer(bytes)
    }

    /// The next packet, without its family; `nil`: not all of it has come.
    mutating func next() throws(TunnelFrameError) -> ByteBuffer? {
        guard let word: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { return nil }
        guard let family = TunnelFrame.Family(rawValue: word) else {
            throw TunnelFrameError(description: "a packet of the unknown address family \(word)")
        }
        guard let length = try length(family), buffer.readableBytes >= TunnelFrame.headerLength + length else {
            return nil
        }
        buffer.moveReaderIndex(forwardBy: TunnelFrame.headerLength)
        return buffer.readSlice(length: length)
    }

    private func length(_ family: TunnelFrame.Family) throws(TunnelFrameError) -> Int? {
        let start = buffer.readerIndex + TunnelFrame.headerLength
        guard let first: UInt8 = buffer.getInteger(at: start) else { return nil }
        guard TunnelFrame.family(ofVersion: first) == family else {
            throw TunnelFrameError(description: "a packet of IP version \(first >> 4) in the family \(family)")
        }
        switch family {
        case .ipv4: return try lengthIPv4(start, headerWords: Int(first & 0x0F))
        case .ipv6: return lengthIPv6(start)
        }
    }

    /// RFC 791 section 3.1: the total length, in bytes 2 and 3.
    private func lengthIPv4(_ start: Int, headerWords: Int) throws(TunnelFrameError) -> Int? {
        guard let total: UInt16 = buffer.getInteger(at: start + 2) else { return nil }
        guard headerWords >= 5, Int(total) >= headerWords * 4 else {
            throw TunnelFrameError(description: "an IPv4 packet of \(total) bytes with a header of \(headerWords * 4)")
        }
        return Int(total)
    }

    /// RFC 8200 section 3: the length of the payload, in bytes 4 and 5, behind 40 bytes.
    private func lengthIPv6(_ start: Int) -> Int? {
        let payload: UInt16? = buffer.getInteger(at: start + 4)
        return payload.map { 40 + Int($0) }
    }
}
