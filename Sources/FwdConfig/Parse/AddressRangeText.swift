import FwdCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads `192.168.1.0/24`, `10.0.0.7`, `2001:db8::/32`.
struct AddressRangeText {
    static let expected = "an address or a range of them, as in 192.168.1.0/24, 10.0.0.7 or 2001:db8::/32"
    /// RFC 4291 section 2.5.5.2: what stands before an IPv4 address inside IPv6.
    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    let text: String
    let range: AddressRange
    /// Whether the address says more than the range does.
    let hasHostBits: Bool

    static func parse(_ text: String) -> AddressRangeText? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = address(String(parts[0])) else { return nil }
        var length = address.count * 8
        if parts.count == 2 {
            guard let prefix = Scalars.number(String(parts[1]), in: 0...length) else { return nil }
            length = prefix
        }
        return AddressRangeText(text, address, length)
    }

    /// An address with the length of its network's prefix; without, it is alone.
    static func interfaceAddress(_ text: String) -> InterfaceAddress? {
        guard let read = parse(text), let bytes = address(String(text.prefix { $0 != "/" })),
            bytes.count == read.range.network.count
        else { return nil }
        return InterfaceAddress(bytes: bytes, prefixLength: read.range.prefixLength)
    }

    private init?(_ text: String, _ address: [UInt8], _ length: Int) {
        let mapped = Self.mappedPrefix.count * 8
        // Clients with such an address count as IPv4.
        let isMapped = address.starts(with: Self.mappedPrefix) && length >= mapped
        let bytes = isMapped ? Array(address.suffix(4)) : address
        guard let range = AddressRange(network: bytes, prefixLength: isMapped ? length - mapped : length) else {
            return nil
        }
        self.text = text
        self.range = range
        hasHostBits = range.network != bytes
    }

    /// 4 or 16 bytes.
    static func address(_ text: String) -> [UInt8]? {
        bytes(text, AF_INET, 4) ?? bytes(text, AF_INET6, 16)
    }

    private static func bytes(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
