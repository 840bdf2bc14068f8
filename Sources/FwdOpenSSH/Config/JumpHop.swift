/// One hop of ssh_config's ProxyJump: `[user@]host[:port]` or `ssh://[user@]host[:port]`.
public struct JumpHop: Hashable, Sendable, CustomStringConvertible {
    public let user: String?
    /// A name, an address without brackets, or an alias of ssh_config.
    public let host: String
    public let port: UInt16?

    public init(user: String? = nil, host: String, port: UInt16? = nil) {
        self.user = user
        self.host = host
        self.port = port
    }

    /// - Returns: `nil` where the text is none of the above.
    init?(_ text: Substring) {
        let isURI = text.lowercased().hasPrefix("ssh://")
        var rest = isURI ? text.dropFirst(6).prefix { $0 != "/" } : text
        user = rest.lastIndex(of: "@").map { String(rest[..<$0]) }
        if let at = rest.lastIndex(of: "@") { rest = rest[at...].dropFirst() }
        guard let address = Self.address(rest), user != "" else { return nil }
        (host, port) = address
    }

    private static func address(_ text: Substring) -> (String, UInt16?)? {
        let isBracketed = text.hasPrefix("[")
        guard let end = isBracketed ? text.lastIndex(of: "]") : text.firstIndex(of: ":") ?? text.endIndex else {
            return nil
        }
        let host = String(isBracketed ? text[..<end].dropFirst() : text[..<end])
        let rest = isBracketed ? text[end...].dropFirst() : text[end...]
        guard !host.isEmpty, !host.hasPrefix("-") else { return nil }
        if rest.isEmpty { return (host, nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (host, port)
    }

    /// As ssh_config wants it.
    public var description: String {
        let user = user.map { "\($0)@" } ?? ""
        let port = port.map { ":\($0)" } ?? ""
        return user + (host.contains(":") ? "[\(host)]" : host) + port
    }
}
