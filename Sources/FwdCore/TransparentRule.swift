/// Which connections a transparent forward takes over.
public struct TransparentRule: Hashable, Sendable, CustomStringConvertible {
    public var networks: [AddressRange]
    /// Parts of them that are left alone.
    public var exclude: [AddressRange]
    /// Names that are resolved there too; `nil`: none.
    public var dns: DNSRule?

    public init(networks: [AddressRange], exclude: [AddressRange] = [], dns: DNSRule? = nil) {
        self.networks = networks
        self.exclude = exclude
        self.dns = dns
    }

    /// - Parameter address: 4 or 16 bytes, in network order.
    public func covers(_ address: [UInt8]) -> Bool {
        networks.contains { $0.contains(address) } && !exclude.contains { $0.contains(address) }
    }

    public var description: String {
        let excluded = exclude.isEmpty ? "" : " except \(exclude.map(\.description).joined(separator: ", "))"
        let names = dns.map { ", names of \($0)" } ?? ""
        return networks.map(\.description).joined(separator: ", ") + excluded + names
    }
}
