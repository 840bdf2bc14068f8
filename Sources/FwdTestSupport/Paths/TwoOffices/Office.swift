/// One office of `TwoOffices`: hosts on a LAN behind a tunneling machine.
public struct Office: Sendable {
    public let addresses: OfficeAddresses
    /// The tunneling machine: it routes for the LAN, and has the only address that the Internet knows.
    public let gate: NetworkHost
    public let client: NetworkHost
    public let server: NetworkHost

    /// Wires the hosts: a bridge in the gate, with the LAN's address, and a cable from it to each other host.
    func wire() async throws {
        try await gate.set("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        try await gate.configure("link add lan type bridge")
        try await gate.configure("link set lan up")
        try await gate.add([addresses.gate, addresses.gate6], to: "lan")
        try await plug(client, as: "client", [addresses.client, addresses.client6])
        let servers = [addresses.server, addresses.otherServer, addresses.server6, addresses.otherServer6]
        try await plug(server, as: "server", servers)
    }

    private func plug(_ host: NetworkHost, as name: String, _ hostAddresses: [String]) async throws {
        try await gate.configure("link add \(name) type veth peer name lan netns \(host.name)")
        try await gate.configure("link set \(name) master lan up")
        try await host.configure("link set lan up")
        try await host.add(hostAddresses, to: "lan")
        try await host.configure("route add default via \(addresses.gate)")
        try await host.configure("-6 route add default via \(addresses.gate6)")
    }
}

extension NetworkHost {
    /// Gives addresses to a link: of IPv6 with a prefix of 64 bits, else of 16.
    fileprivate func add(_ addresses: [String], to link: String) async throws {
        for address in addresses {
            let rest = address.contains(":") ? "/64 dev \(link) nodad" : "/16 dev \(link)"
            try await configure("address add \(address)\(rest)")
        }
    }
}
