/// A host that a client asks to be connected to.
public enum RequestedHost: Hashable, Sendable {
    /// 4 or 16 bytes in network order, and how it was written.
    case address([UInt8], String)
    case name(String)

    public var text: String {
        switch self {
        case .address(_, let text), .name(let text): text
        }
    }
}

/// Something that clients of a dynamic forward may ask for: `10.2.0.0/16:*`, `*.internal:443`, `host:80-90`.
public struct PermittedDestination: Hashable, Sendable, CustomStringConvertible {
    public enum Host: Hashable, Sendable {
        case any
        /// What is in it and is asked for by address. A name is resolved at the far side, so nobody here can tell to
        /// which address it leads.
        case addresses(AddressRange)
        /// In lower case, without a dot at its end.
        case name(String)
        /// The names that end with a dot and this.
        case namesBelow(String)
    }

    public let host: Host
    public let ports: ClosedRange<UInt16>

    public init(host: Host, ports: ClosedRange<UInt16>) {
        self.host = host
        self.ports = ports
    }

    public func contains(_ asked: RequestedHost, port: UInt16) -> Bool {
        guard ports.contains(port) else { return false }
        switch (host, asked) {
        case (.any, _): return true
        case (.addresses(let range), .address(let bytes, _)): return range.contains(bytes)
        case (.name(let name), .name(let text)): return Self.plain(text) == name
        case (.namesBelow(let domain), .name(let text)): return Self.isBelow(Self.plain(text), domain)
        case (.addresses, .name), (.name, .address), (.namesBelow, .address): return false
        }
    }

    private static func isBelow(_ name: String, _ domain: String) -> Bool {
        name.hasSuffix(".\(domain)") && name.utf8.count > domain.utf8.count + 1
    }

    /// As names are compared (RFC 1035 section 2.3.3), and without the dot that only says that a name is complete.
    public static func plain(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    public var description: String { "\(hostText):\(portText)" }

    private var hostText: String {
        switch host {
        case .any: "*"
        case .addresses(let range): range.network.count == 4 ? "\(range)" : "[\(range)]".movingPrefixOut
        case .name(let name): name
        case .namesBelow(let domain): "*.\(domain)"
        }
    }

    private var portText: String {
        if ports == 1...UInt16.max { return "*" }
        return ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }
}

extension String {
    /// `[2001:db8::/32]` as `[2001:db8::]/32`.
    fileprivate var movingPrefixOut: String {
        guard let slash = firstIndex(of: "/") else { return self }
        return "\(self[..<slash])]\(self[slash...].dropLast())"
    }
}
