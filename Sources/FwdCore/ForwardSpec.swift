/// Where a forward listens or connects to, and in which direction it carries: `-L` or `-R` in ssh's grammar.
///
/// Grammar (ssh(1), options -L and -R): `[bind_address:]port:host:hostport`, IPv6 addresses in square brackets.
/// An absent bind address or `localhost` is loopback only; an empty one or `*` is every interface.
public struct ForwardSpec: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// `-L`: a listener here, the target is connected to by the far side.
        case local
        /// `-R`: a listener at the far side, the target is connected to from here.
        case remote

        public var flag: String {
            switch self {
            case .local: "-L"
            case .remote: "-R"
            }
        }
    }

    public enum BindAddress: Hashable, Sendable {
        case loopback
        case any
        case address(String)
    }

    public struct Listen: Hashable, Sendable, CustomStringConvertible {
        public let address: BindAddress
        /// 0 only for `-R`: the far side chooses.
        public let port: UInt16

        public init(address: BindAddress, port: UInt16) {
            self.address = address
            self.port = port
        }

        public var description: String {
            switch address {
            case .loopback: "localhost:\(port)"
            case .any: "*:\(port)"
            case .address(let host): Endpoint(host: host, port: port).description
            }
        }
    }

    public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
        public let host: String
        public let port: UInt16

        public init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    public let kind: Kind
    public let listen: Listen
    public let target: Endpoint

    public init(kind: Kind, listen: Listen, target: Endpoint) {
        self.kind = kind
        self.listen = listen
        self.target = target
    }

    /// The spec as it would be given to ssh, in normal form.
    public var description: String {
        let bind =
            switch listen.address {
            case .loopback: ""
            case .any: "*:"
            case .address(let host): host.contains(":") ? "[\(host)]:" : "\(host):"
            }
        return "\(kind.flag) \(bind)\(listen.port):\(target)"
    }

    /// 127.0.0.0/8 (RFC 1122 section 3.2.1.3), and not a name that begins like it.
    private static func isIPv4Loopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether hosts other than this one may reach the listener.
    public var listensBeyondLoopback: Bool {
        switch listen.address {
        case .loopback: false
        case .any: true
        case .address(let host): host != "::1" && !Self.isIPv4Loopback(host)
        }
    }
}

/// What is wrong with a spec, and at which character of the text (from 0).
public struct ForwardSpecError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public let offset: Int

    public init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    public var description: String { message }
}

extension ForwardSpec {
    /// Reads `-L 5432:db:5432` (the blank may be missing).
    /// - Parameter service: looks up a port by service name, as ssh does (`getservbyname`).
    public init(
        parsing text: String, service: (String) -> UInt16? = { _ in nil }
    ) throws(ForwardSpecError) {
        let characters = Array(text)
        guard characters.count >= 2, characters[0] == "-" else {
            throw ForwardSpecError("a forward starts with -L or -R, as in \"-L 5432:db:5432\"", at: 0)
        }
        let kind: Kind
        switch characters[1] {
        case "L": kind = .local
        case "R": kind = .remote
        case "D": throw ForwardSpecError("dynamic forwards (-D) are not supported", at: 0)
        default: throw ForwardSpecError("unknown kind \"-\(characters[1])\"; -L and -R are supported", at: 0)
        }
        var start = 2
        while start < characters.count, characters[start] == " " || characters[start] == "\t" { start += 1 }
        try self.init(kind: kind, mapping: String(characters[start...]), offset: start, service: service)
    }

    /// Reads the mapping alone (`5432:db:5432`).
    public init(
        kind: Kind, mapping: String, offset: Int = 0, service: (String) -> UInt16? = { _ in nil }
    ) throws(ForwardSpecError) {
        let fields = try SpecField.split(mapping, offset: offset)
        let hint = "expected \(kind.flag) [bind_address:]port:host:hostport"
        switch fields.count {
        case 3:
            self.kind = kind
            listen = Listen(address: .loopback, port: try fields[0].port(isListener: true, kind, service))
            target = Endpoint(
                host: try fields[1].targetHost(), port: try fields[2].port(isListener: false, kind, service))
        case 4:
            self.kind = kind
            listen = Listen(
                address: try fields[0].bindAddress(), port: try fields[1].port(isListener: true, kind, service))
            target = Endpoint(
                host: try fields[2].targetHost(), port: try fields[3].port(isListener: false, kind, service))
        default:
            throw ForwardSpecError("\(hint), found \(fields.count) field\(fields.count == 1 ? "" : "s")", at: offset)
        }
    }
}

/// One field between colons; brackets are taken off and remembered.
private struct SpecField {
    let text: String
    let isBracketed: Bool
    let offset: Int

    static func split(_ mapping: String, offset base: Int) throws(ForwardSpecError) -> [SpecField] {
        var fields: [SpecField] = []
        let characters = Array(mapping)
        var index = 0
        while true {
            let start = index
            if index < characters.count, characters[index] == "[" {
                guard let close = characters[index...].firstIndex(of: "]") else {
                    throw ForwardSpecError("\"[\" without \"]\"", at: base + start)
                }
                fields.append(
                    SpecField(text: String(characters[(index + 1)..<close]), isBracketed: true, offset: base + start))
                index = close + 1
                guard index == characters.count || characters[index] == ":" else {
                    throw ForwardSpecError("expected \":\" after \"]\"", at: base + index)
                }
            } else {
                while index < characters.count, characters[index] != ":" { index += 1 }
                let text = String(characters[start..<index])
                if text.contains("/") {
                    throw ForwardSpecError("Unix sockets are not supported", at: base + start)
                }
                fields.append(SpecField(text: text, isBracketed: false, offset: base + start))
            }
            if index >= characters.count { return fields }
            index += 1
        }
    }

    func port(
        isListener: Bool, _ kind: ForwardSpec.Kind, _ service: (String) -> UInt16?
    ) throws(ForwardSpecError) -> UInt16 {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard let port = isNumber ? UInt16(text) : (isBracketed || text.isEmpty ? nil : service(text)) else {
            throw ForwardSpecError("\"\(text)\" is not a port (1 to 65535)", at: offset)
        }
        if port == 0, !isListener { throw ForwardSpecError("the target's port must not be 0", at: offset) }
        if port == 0, kind == .local {
            throw ForwardSpecError("port 0 is possible for -R only, where the far side chooses", at: offset)
        }
        return port
    }

    func bindAddress() throws(ForwardSpecError) -> ForwardSpec.BindAddress {
        switch text {
        case "", "*": return .any
        case "localhost": return .loopback
        default:
            try checkHost()
            return .address(text)
        }
    }

    func targetHost() throws(ForwardSpecError) -> String {
        if text.isEmpty { throw ForwardSpecError("the target's host is missing", at: offset) }
        try checkHost()
        return text
    }

    private func checkHost() throws(ForwardSpecError) {
        for character in text where character.isWhitespace || character == "*" || character == "\"" {
            throw ForwardSpecError("\"\(text)\" is not a host name or address", at: offset)
        }
    }
}
