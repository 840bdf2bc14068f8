import FwdTestSupport
import Testing

/// How a client of one office reaches a server of the other.
enum Means: String, CaseIterable, CustomTestStringConvertible {
    case port, socks, transparent, network

    var testDescription: String {
        switch self {
        case .port: "by redirected port"
        case .socks: "by SOCKS"
        case .transparent: "transparently"
        case .network: "by routed network"
        }
    }

    /// The way from a client of `near` to the server of `far`. The routed network leads to an address of its own,
    /// since what is transparent takes over all connections to the other.
    func way(from near: OfficeAddresses, to far: OfficeAddresses) -> OfficeTraffic.Way {
        switch self {
        case .port: .direct(near.gate)
        case .socks: .socks(near.gate, port: LinkedOffices.socksPort, to: far.server)
        case .transparent: .direct(far.server)
        case .network: .direct(far.otherServer)
        }
    }

    /// The same by IPv6, where the offices' own addresses lead there.
    func way6(to far: OfficeAddresses) -> OfficeTraffic.Way? {
        switch self {
        case .port, .socks: nil
        case .transparent: .direct(far.server6)
        case .network: .direct(far.otherServer6)
        }
    }

    /// What a capture of its traffic must not have.
    func innerDestination(at far: OfficeAddresses) -> String {
        self == .network ? far.otherServer : far.server
    }

    /// The forwards of office A's gate to B's, as lines of a file.
    func forwards(from near: OfficeAddresses, to far: OfficeAddresses) -> [String] {
        switch self {
        case .port:
            [
                "  there:", "    spec: -L \(near.gate):\(OfficeTraffic.port):\(far.server):\(OfficeTraffic.port)",
                "    allow: [\(near.lan)]",
                "  back: -R \(far.gate):\(OfficeTraffic.port):\(near.server):\(OfficeTraffic.port)",
            ]
        case .network:
            [
                "  network:", "    network:",
                "      address: [\(Self.tunnel.near)/30, \"\(Self.tunnel6.near)/64\"]",
                "      peer: [\(Self.tunnel.far), \"\(Self.tunnel6.far)\"]",
                "      routes: [\(far.lan), \"\(far.lan6)\"]", "      unit: \(Self.unit)",
            ]
        case .socks, .transparent: forwardsOfBoth(from: near, to: far)
        }
    }

    /// Those of each gate to the other.
    func forwardsOfBoth(from near: OfficeAddresses, to far: OfficeAddresses) -> [String] {
        switch self {
        case .port, .network: []
        case .socks:
            [
                "  socks:", "    spec: -D \(near.gate):\(LinkedOffices.socksPort)", "    allow: [\(near.lan)]",
            ]
        case .transparent: ["  transparent:", "    transparent: [\(far.server)/32, \"\(far.server6)/128\"]"]
        }
    }

    static let tunnel = (near: "10.99.0.1", far: "10.99.0.2")
    static let tunnel6 = (near: "fd00:10:99::1", far: "fd00:10:99::2")
    /// The number of B's device, which its administrator has made.
    static let unit = 9
}

/// From which office to which.
enum Direction: String, CaseIterable, CustomTestStringConvertible {
    case fromAToB, fromBToA

    var testDescription: String { self == .fromAToB ? "from A to B" : "from B to A" }
}
