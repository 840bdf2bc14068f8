import FwdCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Who listens where, to find forwards that would want the same port at the same place.
///
/// Local forwards of all gateways share this machine; remote ones share the far side with those of their own gateway
/// only, so a table of several gateways is given local ones alone.
struct ListenerTable<Owner> {
    private enum Key: Hashable {
        case port(UInt16, isFarAway: Bool)
        case path(String)
        case device(String)
        /// An address of this machine, or a network that it reaches through a tunnel.
        case network(AddressRange)
    }

    private var redirected: [(networks: [AddressRange], owner: Owner)] = []
    private var taken: [Key: [(places: [ListenPlace], owner: Owner)]] = [:]

    /// Notes where `forward` listens.
    /// - Returns: who listens there already; disabled forwards listen nowhere.
    mutating func insert(_ forward: ForwardConfiguration, owner: Owner) -> Owner? {
        guard forward.isEnabled else { return nil }
        var found: Owner?
        if case .redirect(let rule) = forward.spec.listen { found = insert(rule, owner) }
        for (key, places) in Self.places(of: forward.spec) {
            found = found ?? taken[key]?.first { ListenPlace.overlap($0.places, places) }?.owner
            taken[key, default: []].append((places, owner))
        }
        return found
    }

    /// Two forwards cannot both take a connection over.
    private mutating func insert(_ rule: TransparentRule, _ owner: Owner) -> Owner? {
        let other = redirected.first { other in
            other.networks.contains { network in rule.networks.contains { $0.overlaps(network) } }
        }
        redirected.append((rule.networks, owner))
        return other?.owner
    }

    private static func places(of spec: ForwardSpec) -> [(Key, [ListenPlace])] {
        switch spec.listen {
        // Port 0 lets the far side choose, and it chooses a free one.
        case .port(let listen) where listen.port == 0: []
        case .port(let listen):
            [(.port(listen.port, isFarAway: spec.kind.listensFarAway), ListenPlace.places(of: listen.address))]
        case .socket(let path): [(.path(path), [.name(path)])]
        case .device(let link): keys(of: link).map { ($0, [.name("")]) }
        // The redirects themselves have a port that the kernel chooses.
        case .redirect(let rule):
            rule.dns.map { dns in
                [(.port(dns.listen.port, isFarAway: false), ListenPlace.places(of: .address(dns.listen.host)))]
            } ?? []
        }
    }

    /// What the kernel gives to one device only. A network within another's is no conflict: the narrower one wins.
    private static func keys(of link: NetworkLink) -> [Key] {
        let own = Set(link.addresses.map(\.host) + link.peers + link.routes)
        return own.map { .network($0) } + (link.device.map { [.device($0)] } ?? [])
    }
}

/// What a bind address stands for.
private enum ListenPlace: Hashable {
    case anyIPv4
    case anyIPv6
    case ipv4([UInt8])
    case ipv6([UInt8])
    case name(String)

    static func overlap(_ one: [ListenPlace], _ other: [ListenPlace]) -> Bool {
        one.contains { left in other.contains { right in meet(left, right) || meet(right, left) } }
    }

    private static func meet(_ one: ListenPlace, _ other: ListenPlace) -> Bool {
        switch (one, other) {
        case (.anyIPv4, .ipv4), (.anyIPv4, .name), (.anyIPv6, .ipv6), (.anyIPv6, .name): true
        default: one == other
        }
    }

    static func places(of address: ForwardSpec.BindAddress) -> [ListenPlace] {
        switch address {
        case .any: return [.anyIPv4, .anyIPv6]
        case .loopback: return [.ipv4([127, 0, 0, 1]), .ipv6(Array(repeating: 0, count: 15) + [1])]
        case .address(let text):
            if let bytes = numeric(text, AF_INET, 4) { return [bytes.allSatisfy { $0 == 0 } ? .anyIPv4 : .ipv4(bytes)] }
            if let bytes = numeric(text, AF_INET6, 16) {
                return [bytes.allSatisfy { $0 == 0 } ? .anyIPv6 : .ipv6(bytes)]
            }
            return [.name(text.lowercased())]
        }
    }

    private static func numeric(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
