import FwdCore

/// What became of the packets of one network forward. Loop-bound. It lives as long as the forward, over all sessions.
final class PacketCounters {
    private(set) var values = NetworkStatus()
    /// Those of the payload, which all kinds of forwards have.
    private let bytes: ForwardCounters

    init(_ bytes: ForwardCounters) {
        self.bytes = bytes
    }

    func sent(_ count: Int) {
        values.packetsToPeer += 1
        bytes.sent(count)
    }

    func received(_ count: Int) {
        values.packetsFromPeer += 1
        bytes.received(count)
    }

    func dropped(_ reason: PacketDrop, _ count: Int = 1) {
        if count > 0 { values.dropped[reason.rawValue, default: 0] += UInt64(count) }
    }

    func device(_ name: String?) {
        values.device = name
    }
}

@available(*, unavailable)
extension PacketCounters: Sendable {}
