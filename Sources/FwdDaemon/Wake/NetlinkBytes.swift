/// Reads netlink(7)'s layout: native byte order, everything aligned to 4 bytes. What is cut short reads as `nil`.
struct NetlinkBytes: Hashable, Sendable {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    func uint8(_ offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[bytes.startIndex + offset] : nil
    }

    func uint16(_ offset: Int) -> UInt16? { integer(offset) }

    func uint32(_ offset: Int) -> UInt32? { integer(offset) }

    /// Takes one message off the front: `struct nlmsghdr` and what belongs to it.
    mutating func nextMessage() -> (type: UInt16, body: NetlinkBytes)? {
        guard let length = uint32(0), let type = uint16(4), let message = take(Int(length), header: 16) else {
            return nil
        }
        return (type, message)
    }

    /// The attributes (`struct rtattr`) behind a header of this length; of several of one type the first.
    func attributes(after header: Int) -> [UInt16: NetlinkBytes] {
        var found: [UInt16: NetlinkBytes] = [:]
        var rest = NetlinkBytes(bytes.dropFirst(header))
        while let length = rest.uint16(0), let type = rest.uint16(2), let value = rest.take(Int(length), header: 4) {
            // The upper two bits are flags.
            let key = type & 0x3fff
            if found[key] == nil { found[key] = value }
        }
        return found
    }

    /// Removes `length` bytes and their padding, and returns them without their header.
    private mutating func take(_ length: Int, header: Int) -> NetlinkBytes? {
        guard length >= header, length <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst((length + 3) & ~3) }
        return NetlinkBytes(bytes.prefix(length).dropFirst(header))
    }

    private func integer<Value: FixedWidthInteger>(_ offset: Int) -> Value? {
        let size = MemoryLayout<Value>.size
        guard offset + size <= bytes.count else { return nil }
        return bytes.dropFirst(offset).prefix(size).withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
    }
}
