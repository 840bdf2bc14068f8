/// An address of a network device, with the length of its network's prefix: `10.99.0.1/30`.
public struct InterfaceAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes, in network order.
    public let bytes: [UInt8]
    /// In bits.
    public let prefixLength: Int

    /// - Returns: `nil` unless `bytes` are 4 or 16 and the prefix fits.
    public init?(bytes: [UInt8], prefixLength: Int) {
        guard AddressRange(network: bytes, prefixLength: prefixLength) != nil else { return nil }
        self.bytes = bytes
        self.prefixLength = prefixLength
    }

    public var isIPv6: Bool { bytes.count == 16 }

    /// All addresses of its network.
    public var network: AddressRange { Self.range(bytes, prefixLength) }

    /// Itself alone.
    public var host: AddressRange { Self.range(bytes, bytes.count * 8) }

    public var description: String { "\(host)/\(prefixLength)" }

    private static func range(_ bytes: [UInt8], _ length: Int) -> AddressRange {
        guard let range = AddressRange(network: bytes, prefixLength: length) else {
            preconditionFailure("an interface address was checked when it was made")
        }
        return range
    }
}

/// The tunnel of a network forward: a device here, one at the far side, and what is sent through.
public struct NetworkLink: Hashable, Sendable, CustomStringConvertible {
    /// What becomes of the routes while the session is down.
    public enum WhileDown: String, Hashable, Sendable, CaseIterable {
        /// They stay, so that nothing leaves by another way, in clear.
        case keep
        /// They are taken out, so that another way may serve.
        case withdraw
    }

    /// Our choice: what hosts on both sides have, and what sshd's device has. The tunnel is a stream, so no packet
    /// outside has to hold one of these: with the same size everywhere nothing is cut into pieces.
    public static let defaultMTU = 1500
    /// RFC 791 section 3.2 wants every host to take 576; and sshd takes 32,768 bytes with the length, the family and the
    /// packet (channels.h, CHAN_TCP_PACKET_DEFAULT), libssh2 sends 32,700 at a time.
    public static let possibleMTUs = 576...32_000
    /// RFC 8200 section 5.
    public static let leastIPv6MTU = 1280

    /// Of the device here.
    public var addresses: [InterfaceAddress]
    /// Of the far side's, each the only address of its range.
    public var peers: [AddressRange]
    /// What lies behind it.
    public var routes: [AddressRange]
    /// The number of the far side's device; `nil`: any.
    public var unit: UInt32?
    /// The name of the device here; `nil`: the kernel numbers it.
    public var device: String?
    public var mtu: Int
    public var whileDown: WhileDown

    public init(
        addresses: [InterfaceAddress], peers: [AddressRange], routes: [AddressRange] = [], unit: UInt32? = nil,
        device: String? = nil, mtu: Int = defaultMTU, whileDown: WhileDown = .keep
    ) {
        self.addresses = addresses
        self.peers = peers
        self.routes = routes
        self.unit = unit
        self.device = device
        self.mtu = mtu
        self.whileDown = whileDown
    }

    public var description: String {
        (device.map { "\($0) " } ?? "") + addresses.map(\.description).joined(separator: ", ")
    }

    public var peerText: String { peers.map(\.description).joined(separator: ", ") }

    /// Everything that is sent into the tunnel.
    public var networks: [AddressRange] { addresses.map(\.network) + peers + routes }

    /// The network that would take a packet to this address into the tunnel.
    public func network(covering address: [UInt8]) -> AddressRange? {
        networks.first { $0.contains(address) }
    }
}
