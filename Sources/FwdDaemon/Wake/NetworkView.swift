/// What is known of this machine's network, and so which messages are news. Pure.
///
/// The kernel repeats itself: router advertisements and DHCP renew addresses that have not changed, wireless links
/// report every scan. Ports of bridges (the links of containers) and link-local addresses lead to no gateway.
struct NetworkView: Sendable {
    private struct Link: Sendable {
        var isUp: Bool
        var name: String
    }

    private var links: [UInt32: Link] = [:]
    private var addresses: [NetworkAddress: Bool] = [:]

    /// What has changed, in a few words; `nil` if nothing has that matters.
    mutating func change(by message: RouteMessage) -> String? {
        switch message {
        case .link(let index, let name, let isUp, let isEnslaved):
            let before = links.updateValue(Link(isUp: isUp, name: name), forKey: index)
            guard !isEnslaved, before?.isUp ?? false != isUp else { return nil }
            return "\(name) is \(isUp ? "up" : "down")"
        case .linkGone(let index, let name):
            return links.removeValue(forKey: index)?.isUp == true ? "\(name) is gone" : nil
        case .address(let address, let isUsable):
            let before = addresses.updateValue(isUsable, forKey: address)
            return isUsable && before != true && !address.isLinkLocal ? "address added\(place(address))" : nil
        case .addressGone(let address):
            addresses[address] = nil
            return address.isLinkLocal ? nil : "address removed\(place(address))"
        case .route(let isDefault, let isGone):
            return "\(isDefault ? "default route" : "route") \(isGone ? "removed" : "added")"
        }
    }

    /// Messages were lost: what is known may be wrong.
    mutating func forget() {
        self = NetworkView()
    }

    private func place(_ address: NetworkAddress) -> String {
        links[address.link].map { " on \($0.name)" } ?? ""
    }
}
