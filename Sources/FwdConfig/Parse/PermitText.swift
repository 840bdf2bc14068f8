import FwdCore

/// Reads `10.2.0.0/16:*`, `*.internal:443`, `host:80-90`, `[2001:db8::]/32:443`, `*:443`.
struct PermitText {
    static let expected = """
        host:port, as in 10.2.0.0/16:*, "*.internal:443", db.internal:80-90, "[2001:db8::]/32:443" or "*:443"
        """

    let destination: PermittedDestination
    /// Where the host is an address or a range.
    let range: AddressRangeText?

    static func parse(_ text: String) -> PermitText? {
        guard let (hostText, portText) = HostAndPorts.split(text), let ports = ports(portText) else { return nil }
        if let range = AddressRangeText.parse(hostText) {
            return PermitText(destination: .init(host: .addresses(range.range), ports: ports), range: range)
        }
        guard let host = name(hostText) else { return nil }
        return PermitText(destination: .init(host: host, ports: ports), range: nil)
    }

    private static func ports(_ text: String) -> ClosedRange<UInt16>? {
        if text == "*" { return 1...UInt16.max }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            .map { Scalars.port(String($0)) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
        return first...last
    }

    private static func name(_ text: String) -> PermittedDestination.Host? {
        if text == "*" { return .any }
        let isBelow = text.hasPrefix("*.")
        let name = PermittedDestination.plain(isBelow ? String(text.dropFirst(2)) : text)
        guard !name.isEmpty, name.utf8.allSatisfy(isPlain), !looksLikeAddress(name) else { return nil }
        return isBelow ? .namesBelow(name) : .name(name)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._".utf8.contains(byte)
        }
    }

    /// `10.2.0` or `10.2.0.256` would be a name that nobody has; no top-level domain is a number (RFC 3696 section 2).
    private static func looksLikeAddress(_ name: String) -> Bool {
        name.split(separator: ".").last?.allSatisfy(\.isNumber) ?? true
    }
}

/// `host:ports`, where an IPv6 address stands in brackets and a prefix length behind them.
enum HostAndPorts {
    static func split(_ text: String) -> (host: String, ports: String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let (host, ports) = (text[..<colon], String(text[text.index(after: colon)...]))
        guard host.hasPrefix("[") else { return host.isEmpty || host.contains(":") ? nil : (String(host), ports) }
        guard let end = host.firstIndex(of: "]") else { return nil }
        let (address, rest) = (host[..<end].dropFirst(), host[host.index(after: end)...])
        return address.contains(":") && (rest.isEmpty || rest.hasPrefix("/")) ? ("\(address)\(rest)", ports) : nil
    }
}
