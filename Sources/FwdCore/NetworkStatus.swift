/// Why a packet of a network forward went no further. The value set of the `reason` label in the metrics.
public enum PacketDrop: String, Codable, Sendable, CaseIterable {
    /// There was no session, or no channel yet.
    case noSession
    /// The path was slower than what was to be sent, and the queue full.
    case queueFull
    /// It had waited for too long.
    case late
    /// It was longer than what the far side takes.
    case tooLarge
    /// It was neither IPv4 nor IPv6.
    case notIP
    /// The device here did not take it.
    case device
}

/// What a network forward has carried, in packets; its bytes are in `RelayCounters`.
public struct NetworkStatus: Hashable, Codable, Sendable {
    /// The network device here; absent while there is none.
    public var device: String?
    public var packetsToPeer: UInt64
    public var packetsFromPeer: UInt64
    /// By `PacketDrop`.
    public var dropped: [String: UInt64]

    public init(
        device: String? = nil, packetsToPeer: UInt64 = 0, packetsFromPeer: UInt64 = 0, dropped: [String: UInt64] = [:]
    ) {
        self.device = device
        self.packetsToPeer = packetsToPeer
        self.packetsFromPeer = packetsFromPeer
        self.dropped = dropped
    }
}
