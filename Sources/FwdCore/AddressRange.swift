/// A range of IP addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3): `192.168.1.0/24`, `::1`.
public struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes, in network order; bits behind the prefix are 0.
    public let network: [UInt8]
    /// In bits.
    public let prefixLength: Int

    /// - Returns: `nil` unless `network` has 4 or 16 bytes and the prefix fits.
    public init?(network: [UInt8], prefixLength: Int) {
        guard network.count == 4 || network.count == 16, (0...network.count * 8).contains(prefixLength) else {
            return nil
        }
        self.network = Self.masked(network, prefixLength)
        self.prefixLength = prefixLength
    }

    /// - Parameter address: 4 or 16 bytes. An IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) counts as IPv4.
    public func contains(_ address: [UInt8]) -> Bool {
        let plain = Self.unmapped(address)
        return plain.count == network.count && Self.masked(plain, prefixLength) == network
    }

    public var isIPv6: Bool { network.count == 16 }

    /// Whether some address is in both.
    public func overlaps(_ other: AddressRange) -> Bool {
        contains(other.network) || other.contains(network)
    }

    private static func unmapped(_ address: [UInt8]) -> [UInt8] {
        let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return address.count == 16 && address.starts(with: prefix) ? Array(address.suffix(4)) : address
    }

    private static func masked(_ address: [UInt8], _ length: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let bits = min(max(length - index * 8, 0), 8)
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
    }

    public var description: String {
        let text = network.count == 4 ? network.map(String.init).joined(separator: ".") : Self.groups(network)
        return prefixLength == network.count * 8 ? text : "\(text)/\(prefixLength)"
    }

    /// The longest run of zero groups is left out (RFC 5952 section 4.2).
    private static func groups(_ bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        let words = groups.map { String($0, radix: 16) }
        if best.isEmpty { return words.joined(separator: ":") }
        return words[..<best.lowerBound].joined(separator: ":") + "::"
            + words[best.upperBound...].joined(separator: ":")
    }
}
