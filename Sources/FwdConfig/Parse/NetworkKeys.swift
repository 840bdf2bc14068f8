import FwdCore

/// `network`: a device here and one at the far side, with a tunnel between them.
extension GatewayChecker {
    private static let expectedAddress =
        "the device's address with its prefix, as in 10.99.0.1/30 or fd00:99::1/64, or a list of them"
    private static let expectedPeer = "the far side's address, as in 10.99.0.2 or fd00:99::2, or a list of them"
    private static let expectedRoute = "a network behind the far side, as in 10.2.0.0/16, or a list of them"
    private static let expectedMTU =
        "a number from \(NetworkLink.possibleMTUs.lowerBound) to \(NetworkLink.possibleMTUs.upperBound)"
    /// Keys of the long form that say something about connections.
    private static let keysOfConnections = ["hold", "mode", "allow", "max-connections", "rate", "idle-timeout"]

    /// - Parameter forward: the fields beside it.
    mutating func network(_ field: ConfigField, in forward: [String: ConfigField]) -> ForwardSpec? {
        refuseKeysOfConnections(forward)
        guard let fields = section(field, keys: KeyReference.network.names) else { return nil }
        for name in ["address", "peer"] where fields[name] == nil {
            error(at: field.key.position, "\(field.path).\(name): missing, expected \(Self.expected(name))")
        }
        guard let addresses = fields["address"].flatMap({ addresses($0) }),
            let peers = fields["peer"].flatMap({ peers($0) }), let link = link(addresses, peers, fields)
        else { return nil }
        guard refusals(of: link, fields) == 0 else { return nil }
        return ForwardSpec(kind: .network, listen: .device(link), target: .peer(link.peerText))
    }

    private static func expected(_ name: String) -> String { name == "peer" ? expectedPeer : expectedAddress }

    private mutating func link(
        _ addresses: [InterfaceAddress], _ peers: [AddressRange], _ fields: [String: ConfigField]
    ) -> NetworkLink? {
        let routes = fields["routes"].map { self.routes($0) } ?? []
        let unit = fields["unit"].map {
            value($0, expected: "any, or the number of a device, as in 0", TunUnitText.parse)
        }
        let device = fields["device"].map { value($0, expected: DeviceNameText.expected, DeviceNameText.parse) }
        let mtu = fields["mtu"].map {
            value($0, expected: Self.expectedMTU) { Scalars.number($0, in: NetworkLink.possibleMTUs) }
        }
        let whileDown = fields["while-down"].map {
            value($0, expected: "keep or withdraw", NetworkLink.WhileDown.init(rawValue:))
        }
        guard let routes, let unit = unit ?? TunUnitText.any, let device = device ?? .some(""),
            let mtu = mtu ?? NetworkLink.defaultMTU, let whileDown = whileDown ?? .keep
        else { return nil }
        return NetworkLink(
            addresses: addresses, peers: peers, routes: routes, unit: unit.number,
            device: device.isEmpty ? nil : device,
            mtu: mtu, whileDown: whileDown)
    }

    // MARK: - Addresses

    private mutating func addresses(_ field: ConfigField) -> [InterfaceAddress]? {
        list(field, expected: Self.expectedAddress, AddressRangeText.interfaceAddress)
    }

    private mutating func peers(_ field: ConfigField) -> [AddressRange]? {
        list(field, expected: Self.expectedPeer) { text in
            text.contains("/") ? nil : AddressRangeText.parse(text)?.range
        }
    }

    private mutating func routes(_ field: ConfigField) -> [AddressRange]? {
        guard let read = list(field, expected: Self.expectedRoute, AddressRangeText.parse) else { return nil }
        guard let wrong = read.first(where: \.hasHostBits) else { return read.map(\.range) }
        refuseHostBits(of: wrong, in: field)
        return nil
    }

    // MARK: - What does not go together

    private mutating func refuseKeysOfConnections(_ forward: [String: ConfigField]) {
        for field in Self.keysOfConnections.compactMap({ forward[$0] }) {
            error(at: field.key.position, "\(field.path): a network forward carries packets, and has no connections")
        }
    }

    private mutating func refusals(of link: NetworkLink, _ fields: [String: ConfigField]) -> Int {
        var count = 0
        func refuse(_ name: String, _ message: String) {
            guard let field = fields[name] else { return }
            error(at: field.position, "\(field.path): \(message)")
            count += 1
        }
        for peer in link.peers {
            guard let own = link.addresses.first(where: { $0.bytes.count == peer.network.count }) else {
                refuse("peer", "\(peer) needs an address of its kind in \"address\"")
                continue
            }
            if link.addresses.contains(where: { $0.bytes == peer.network }) {
                refuse("peer", "\(own.host) is this side's own address, expected the far side's")
            }
        }
        // The kernel would refuse the second of them, each time.
        var known = Set(link.addresses.map(\.network) + link.peers)
        for route in link.routes where !known.insert(route).inserted {
            refuse("routes", "\(route) is a way into the tunnel already, by \"address\", \"peer\" or another route")
        }
        for route in link.routes where !link.addresses.contains(where: { $0.bytes.count == route.network.count }) {
            refuse("routes", "\(route) needs an address of its kind in \"address\"")
        }
        if link.mtu < NetworkLink.leastIPv6MTU, link.addresses.contains(where: \.isIPv6) {
            refuse("mtu", "IPv6 needs \(NetworkLink.leastIPv6MTU) at least")
        }
        return count
    }

    /// A packet is no question that a target could answer with words.
    mutating func refuseConversation(_ field: ConfigField) {
        guard case .mapping = field.value.content else { return }
        for name in ["expect", "http", "status"] {
            guard let entry = field.value.entry(name) else { continue }
            error(at: entry.key.position, "\(field.path).\(name): the peer of a network forward is asked for an echo")
        }
    }
}

/// Reads `unit`.
private struct TunUnitText {
    static let any = TunUnitText(number: nil)
    /// Our choice: as many devices as a server may have tunnels.
    private static let numbers = 0...65_535

    let number: UInt32?

    static func parse(_ text: String) -> TunUnitText? {
        if text == "any" { return any }
        return Scalars.number(text, in: numbers).map { TunUnitText(number: UInt32($0)) }
    }
}

/// Reads `device`: what the kernel takes for a name (dev_valid_name), and `ip` for one word.
private enum DeviceNameText {
    static let expected = "a device's name of at most 15 letters, digits, \"-\", \"_\" or \".\""

    static func parse(_ text: String) -> String? {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isPlain && text.utf8.count <= 15 && text != "." && text != ".." && !text.hasPrefix("-") ? text : nil
    }
}
