import FwdCore

/// `transparent`, `exclude` and `dns`: which connections are taken over, and whose names are resolved there.
extension GatewayChecker {
    /// - Parameter fields: those of the forward.
    mutating func transparent(_ field: ConfigField, _ fields: [String: ConfigField]) -> ForwardSpec? {
        let networks = ranges(field)
        let exclude = fields["exclude"].map { ranges($0) } ?? []
        let dns = fields["dns"].map { self.dns($0) } ?? .some(nil)
        guard let networks, let exclude, let dns else { return nil }
        let rule = TransparentRule(networks: networks, exclude: exclude, dns: dns)
        if fields["allow"] == nil {
            warning(
                at: field.position,
                "\(field.path): every host that sends its packets through this machine can use it, from every link; "
                    + "\"allow\" says who may")
        }
        return ForwardSpec(kind: .transparent, listen: .redirect(rule), target: .original)
    }

    /// - Returns: `nil` if it is wrong.
    private mutating func dns(_ field: ConfigField) -> DNSRule?? {
        guard let fields = section(field, keys: KeyReference.dns.names) else { return nil }
        for name in ["domains", "server"] where fields[name] == nil {
            error(at: field.key.position, "\(field.path).\(name): missing")
        }
        let expected = "a domain, as in b.example, or a list of them"
        let domains = fields["domains"].flatMap { list($0, expected: expected, DNSText.domain) }
        let server = fields["server"].flatMap {
            value($0, expected: "a host, or host:port", { DNSText.endpoint($0, port: 53) })
        }
        let listen =
            fields["listen"].map {
                value($0, expected: "an address of this machine with a port, as in 127.0.0.1:5300", DNSText.address)
            } ?? DNSRule.defaultListen
        guard let domains, let server, let listen else { return nil }
        return .some(DNSRule(domains: domains, server: server, listen: listen))
    }

    /// - Returns: `nil` if one of them is wrong.
    private mutating func ranges(_ field: ConfigField) -> [AddressRange]? {
        if refuseEmptyList(field, expected: "\(AddressRangeText.expected), or a list of them") { return nil }
        let items = items(field)
        let ranges = items.compactMap { range($0) }
        return ranges.count == items.count ? ranges : nil
    }
}

/// What stands in `dns`.
enum DNSText {
    /// RFC 1035 section 2.3.4.
    private static let longestName = 253

    static func domain(_ text: String) -> String? {
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy {
                    $0 == 0x2D || $0 == 0x5F || (0x30...0x39).contains($0) || ($0 | 0x20) > 0x60 && ($0 | 0x20) < 0x7B
                }
        }
        return isName && name.utf8.count <= longestName ? name.lowercased() : nil
    }

    /// `host`, `host:port`, `[IPv6]:port`.
    static func endpoint(_ text: String, port: UInt16) -> ForwardSpec.Endpoint? {
        if text.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "*" }) || text.isEmpty { return nil }
        if AddressRangeText.parse(text) != nil { return ForwardSpec.Endpoint(host: text, port: port) }
        guard text.contains(":") else { return ForwardSpec.Endpoint(host: text, port: port) }
        guard let (host, ports) = HostAndPorts.split(text), let port = Scalars.port(ports) else { return nil }
        return ForwardSpec.Endpoint(host: host, port: port)
    }

    /// One address: with all of them (0.0.0.0) an answer could leave from another one than was asked.
    static func address(_ text: String) -> ForwardSpec.Endpoint? {
        guard let endpoint = endpoint(text, port: DNSRule.defaultListen.port), !endpoint.host.contains("/"),
            let bytes = AddressRangeText.address(endpoint.host), bytes.contains(where: { $0 != 0 })
        else { return nil }
        return endpoint
    }
}
