/// Which connections a transparent forward takes over.
public struct TransparentRule: Hashable, Sendable, CustomStringConvertible {
    public var networks: [AddressRange]
    /// Parts of them that are left alone.
    public var exclude: [AddressRange]

    public init(networks: [AddressRange], exclude: [AddressRange] = []) {
        self.networks = networks
        self.exclude = exclude
    }

    /// - Parameter address: 4 or 16 bytes, in network order.
    public func covers(_ address: [UInt8]) -> Bool {
        networks.contains { $0.contains(address) } && !exclude.contains { $0.contains(address) }
    }

    public var description: String {
        let excluded = exclude.isEmpty ? "" : " except \(exclude.map(\.description).joined(separator: ", "))"
        return networks.map(\.description).joined(separator: ", ") + excluded
    }
}
