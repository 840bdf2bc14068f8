/// Two offices with a LAN each and the Internet between them, in network namespaces. Needs root.
///
///     client ─┐                  198.51.100.0/24   203.0.113.0/24                  ┌─ client
///             ├─ 10.1.0.0/16 ─ gate ──────── internet ──────── gate ─ 10.2.0.0/16 ─┤
///     server ─┘                                                                    └─ server
///
/// The Internet knows the two gates only: what is for another address it drops, and it has no IPv6.
public struct TwoOffices: Sendable {
    public let a: Office
    public let b: Office
    public let internet: NetworkHost

    /// Why they cannot be here; `nil` where they can.
    public static var obstacle: String? { NetworkHost.obstacle(using: ["nft", "python3", "sysctl", "tcpdump"]) }

    /// Runs `body` with the offices, which are removed at the end.
    public static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (TwoOffices) async throws -> Result
    ) async throws -> Result {
        let roles = ["internet"] + ["a", "b"].flatMap { ["\($0)-gate", "\($0)-client", "\($0)-server"] }
        return try await NetworkHost.with(roles[...]) { hosts in
            let offices = TwoOffices(
                a: Office(addresses: .a, gate: hosts[1], client: hosts[2], server: hosts[3]),
                b: Office(addresses: .b, gate: hosts[4], client: hosts[5], server: hosts[6]), internet: hosts[0])
            try await offices.wire()
            return try await body(offices)
        }
    }

    private func wire() async throws {
        try await internet.set(
            "net.ipv4.ip_forward=1", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        try await a.wire()
        try await b.wire()
        try await connect(a, by: "to-a")
        try await connect(b, by: "to-b")
    }

    private func connect(_ office: Office, by link: String) async throws {
        try await internet.configure("link add \(link) type veth peer name wan netns \(office.gate.name)")
        try await internet.configure("address add \(office.addresses.router)/24 dev \(link)")
        try await internet.configure("link set \(link) up")
        try await office.gate.set("net.ipv6.conf.wan.disable_ipv6=1")
        try await office.gate.configure("address add \(office.addresses.wan)/24 dev wan")
        try await office.gate.configure("link set wan up")
        try await office.gate.configure("route add default via \(office.addresses.router)")
    }

    /// Cuts the link of office A to the Internet.
    public func cut() async throws { try await internet.configure("link set to-a down") }

    public func mend() async throws { try await internet.configure("link set to-a up") }

    /// Runs `body` while all that passes the Internet's link to office A is captured, and gives what passed.
    public func capturing(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
    ) async throws -> PacketCapture {
        try await PacketCapture.taken(on: internet, link: "to-a", body)
    }
}
