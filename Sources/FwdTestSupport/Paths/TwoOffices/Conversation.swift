/// What two hosts say to each other on one pair of ports, whoever began.
public struct Conversation: Hashable, Sendable, CustomStringConvertible {
    public struct End: Hashable, Comparable, Sendable {
        public let address: String
        public let port: UInt16

        public static func < (one: End, other: End) -> Bool {
            (one.address, one.port) < (other.address, other.port)
        }
    }

    /// `tcp`, or the number of another protocol: `ip 17`, `ethernet 34525`.
    public let kind: String
    /// In order, none where the kind is not TCP.
    public let ends: [End]

    public var description: String {
        ([kind] + ends.map { "\($0.address):\($0.port)" }).joined(separator: " ")
    }

    /// Of a captured packet; `nil` for ARP.
    init?(ethernet packet: UnsafeRawBufferPointer) {
        guard packet.count >= 34 else {
            self.init(kind: "a packet of \(packet.count) bytes", ends: [])
            return
        }
        switch packet.number(at: 12) {
        case 0x0806: return nil
        case 0x0800: self.init(ipv4: UnsafeRawBufferPointer(rebasing: packet[14...]))
        case let other: self.init(kind: "ethernet \(other)", ends: [])
        }
    }

    private init(ipv4 packet: UnsafeRawBufferPointer) {
        let header = Int(packet[0] & 0x0f) * 4
        guard packet[9] == 6, packet.count >= header + 4 else {
            self.init(kind: "ip \(packet[9]) \(packet.address(at: 12)) to \(packet.address(at: 16))", ends: [])
            return
        }
        let source = End(address: packet.address(at: 12), port: packet.number(at: header))
        let destination = End(address: packet.address(at: 16), port: packet.number(at: header + 2))
        self.init(kind: "tcp", ends: [source, destination].sorted())
    }

    private init(kind: String, ends: [End]) {
        self.kind = kind
        self.ends = ends
    }

    /// Whether one end is this one, by TCP.
    public func involves(_ address: String, port: UInt16) -> Bool {
        ends.contains { $0.address == address && $0.port == port }
    }

    public func isBetween(_ one: String, _ other: String) -> Bool {
        Set(ends.map(\.address)) == [one, other]
    }
}

extension UnsafeRawBufferPointer {
    /// In the network's byte order.
    fileprivate func number(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

    fileprivate func address(at offset: Int) -> String {
        (offset..<offset + 4).map { "\(self[$0])" }.joined(separator: ".")
    }
}
