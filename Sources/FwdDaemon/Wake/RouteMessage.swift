/// What rtnetlink(7) says about the machine's links, addresses and routes, as far as it matters here.
enum RouteMessage: Hashable, Sendable {
    /// - `isUp`: it is switched on and has a carrier.
    /// - `isEnslaved`: it belongs to another link (a bridge, a bond) and carries no addresses of its own.
    case link(index: UInt32, name: String, isUp: Bool, isEnslaved: Bool)
    case linkGone(index: UInt32, name: String)
    /// - `isUsable`: duplicate address detection is over, and went well.
    case address(NetworkAddress, isUsable: Bool)
    case addressGone(NetworkAddress)
    /// - `isDefault`: for all destinations.
    case route(isDefault: Bool, isGone: Bool)

    /// Every message of a datagram that says something; what is malformed or about something else is left out.
    static func parse(_ datagram: [UInt8]) -> [RouteMessage] {
        var messages: [RouteMessage] = []
        var rest = NetlinkBytes(datagram[...])
        while let (type, body) = rest.nextMessage() {
            if let message = parse(type, body) { messages.append(message) }
        }
        return messages
    }

    private static func parse(_ type: UInt16, _ body: NetlinkBytes) -> RouteMessage? {
        switch type {
        case MessageType.newLink, MessageType.delLink: link(body, isGone: type == MessageType.delLink)
        case MessageType.newAddress, MessageType.delAddress: address(body, isGone: type == MessageType.delAddress)
        case MessageType.newRoute, MessageType.delRoute: route(body, isGone: type == MessageType.delRoute)
        default: nil
        }
    }

    /// `struct ifinfomsg`. A family says that it is about something else than the link, such as a port of a bridge.
    private static func link(_ body: NetlinkBytes, isGone: Bool) -> RouteMessage? {
        guard body.uint8(0) == 0, let index = body.uint32(4), let flags = body.uint32(8) else { return nil }
        let attributes = body.attributes(after: 16)
        let name = attributes[LinkAttribute.name].map { String(decoding: $0.bytes.prefix { $0 != 0 }, as: UTF8.self) }
        if isGone { return .linkGone(index: index, name: name ?? "") }
        return .link(
            index: index, name: name ?? "", isUp: flags & LinkFlags.upAndRunning == LinkFlags.upAndRunning,
            isEnslaved: attributes[LinkAttribute.master] != nil)
    }

    /// `struct ifaddrmsg`.
    private static func address(_ body: NetlinkBytes, isGone: Bool) -> RouteMessage? {
        guard let shortFlags = body.uint8(2), let index = body.uint32(4) else { return nil }
        let attributes = body.attributes(after: 8)
        guard let bytes = (attributes[AddressAttribute.local] ?? attributes[AddressAttribute.address])?.bytes else {
            return nil
        }
        let address = NetworkAddress(link: index, bytes: Array(bytes))
        if isGone { return .addressGone(address) }
        let flags = attributes[AddressAttribute.flags]?.uint32(0) ?? UInt32(shortFlags)
        return .address(address, isUsable: flags & AddressFlags.unusable == 0)
    }

    /// `struct rtmsg`. Local and multicast routes only repeat what the addresses say; clones are a cache.
    private static func route(_ body: NetlinkBytes, isGone: Bool) -> RouteMessage? {
        guard let length = body.uint8(1), let table = body.uint8(4), let type = body.uint8(7),
            let flags = body.uint32(8),
            table != Route.localTable, !Route.ofAddresses.contains(type), flags & Route.cloned == 0
        else { return nil }
        if let target = body.attributes(after: 12)[Route.destination]?.bytes,
            NetworkAddress(link: 0, bytes: Array(target)).isLinkLocal
        {
            return nil
        }
        return .route(isDefault: length == 0, isGone: isGone)
    }
}

/// An address of this machine.
struct NetworkAddress: Hashable, Sendable {
    /// The number of its link.
    let link: UInt32
    /// 4 or 16.
    let bytes: [UInt8]

    /// fe80::/10: every link gets one, and leads nowhere by it.
    var isLinkLocal: Bool { bytes.count == 16 && bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 }
}

// From the specification: linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h.

private enum MessageType {
    static let newLink: UInt16 = 16
    static let delLink: UInt16 = 17
    static let newAddress: UInt16 = 20
    static let delAddress: UInt16 = 21
    static let newRoute: UInt16 = 24
    static let delRoute: UInt16 = 25
}

private enum LinkAttribute {
    static let name: UInt16 = 3
    static let master: UInt16 = 10
}

private enum LinkFlags {
    /// IFF_UP and IFF_RUNNING.
    static let upAndRunning: UInt32 = 0x1 | 0x40
}

private enum AddressAttribute {
    static let address: UInt16 = 1
    static let local: UInt16 = 2
    static let flags: UInt16 = 8
}

private enum AddressFlags {
    /// IFA_F_DADFAILED and IFA_F_TENTATIVE.
    static let unusable: UInt32 = 0x08 | 0x40
}

private enum Route {
    static let localTable: UInt8 = 255
    /// RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST.
    static let ofAddresses: ClosedRange<UInt8> = 2...5
    /// RTM_F_CLONED.
    static let cloned: UInt32 = 0x200
    /// RTA_DST.
    static let destination: UInt16 = 1
}
