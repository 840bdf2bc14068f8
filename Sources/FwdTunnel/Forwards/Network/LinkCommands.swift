import FwdCore

/// The lines of `ip -batch` (ip(8)) that set a device up. Nothing takes them back but the end of the device, which takes
/// all of them with it. Pure.
struct LinkCommands {
    let link: NetworkLink
    let device: String

    /// Addresses and the ways to the peers.
    /// - Parameter hasIPv6: whether this system speaks it at all.
    func setUp(hasIPv6: Bool) -> [String] {
        // A link-local address would only make the kernel ask for routers that are not there.
        let quiet = hasIPv6 ? ["link set dev \(device) addrgenmode none"] : []
        return quiet + ["link set dev \(device) mtu \(link.mtu)"] + addresses + ["link set dev \(device) up"] + peers
    }

    var addRoutes: [String] { link.routes.map { "route add \($0) dev \(device)" } }

    var withdrawRoutes: [String] { link.routes.map { "route del \($0) dev \(device)" } }

    private var addresses: [String] {
        link.addresses.map { "address add \($0) dev \(device)\($0.isIPv6 ? " nodad" : "")" }
    }

    /// A peer in the network of an address is reached by that.
    private var peers: [String] {
        link.peers.filter { peer in !link.addresses.contains { $0.network.contains(peer.network) } }
            .map { "route add \($0) dev \(device)" }
    }
}
