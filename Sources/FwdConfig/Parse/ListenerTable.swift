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
    }

    private var redirected: [(networks: [AddressRange], owner: Owner)] = []
    private var taken: [Key: [(places: [ListenPlace], owner: Owner)]] = [:]

    /// Notes where `forward` listens.
    /// - Returns: who listens there already; disabled forwards listen nowhere.
    mutating func insert(_ forward: ForwardConfiguration, owner: Owner) -> Owner? {
        if case .redirect(let rule) = forward.spec.listen { return insert(rule, of: forward, owner) }
        guard forward.isEnabled, let (key, places) = Self.place(of: forward.spec) else { return nil }
        let other = taken[key, default: []].first { ListenPlace.overlap($0.places, places) }
        taken[key, default: []].append((places, owner))
        return other?.owner
    }

    /// Two forwards cannot both take a connection over.
    private mutating func insert(_ rule: TransparentRule, of forward: ForwardConfiguration, _ owner: Owner) -> Owner? {
        guard forward.isEnabled else { return nil }
        let other = redirected.first { other in
            other.networks.contains { network in rule.networks.contains { $0.overlaps(network) } }
        }
        redirected.append((rule.networks, owner))
        return other?.owner
    }

    private static func place(of spec: ForwardSpec) -> (Key, [ListenPlace])? {
        switch spec.listen {
        // Port 0 lets the far side choose, and it chooses a free one.
        case .port(let listen) where listen.port == 0: nil
        case .port(let listen):
            (.port(listen.port, isFarAway: spec.kind.listensFarAway), ListenPlace.places(of: listen.address))
        case .socket(let path): (.path(path), [.name(path)])
        case .redirect, .device: nil
        }
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
