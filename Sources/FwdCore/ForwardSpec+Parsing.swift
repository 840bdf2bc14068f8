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
            throw ForwardSpecError("a forward starts with -L, -R or -D, as in \"-L 5432:db:5432\"", at: 0)
        }
        let kind: Kind
        switch characters[1] {
        case "L": kind = .local
        case "R": kind = .remote
        case "D": kind = .dynamic
        default: throw ForwardSpecError("unknown kind \"-\(characters[1])\"; -L, -R and -D are supported", at: 0)
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
        let listen = fields.prefix(fields.count - SpecField.targetCount(fields, kind))
        let target = fields.dropFirst(listen.count)
        guard Self.isComplete(listen, kind), kind == .dynamic || !target.isEmpty else {
            let count = "\(fields.count) field\(fields.count == 1 ? "" : "s")"
            throw ForwardSpecError("expected \(kind.grammar), found \(count)", at: offset)
        }
        self.kind = kind
        self.listen = try SpecField.listen(Array(listen), kind, service)
        self.target =
            kind == .dynamic ? .asked : .destination(try SpecField.destination(Array(target), kind, service))
    }

    private static func isComplete(_ listen: ArraySlice<SpecField>, _ kind: Kind) -> Bool {
        listen.count == 1 || listen.count == 2 && !listen.contains(where: \.isPath)
    }
}

extension ForwardSpec.Kind {
    fileprivate var grammar: String {
        switch self {
        case .local: "-L [bind_address:]port:host:hostport (or the path of a Unix socket at either end)"
        case .remote: "-R [bind_address:]port:host:hostport (or -R [bind_address:]port:local_socket)"
        case .dynamic: "-D [bind_address:]port"
        case .transparent, .network: "a mapping"
        }
    }
}

/// One field between colons; brackets are taken off and remembered.
private struct SpecField {
    let text: String
    let isBracketed: Bool
    let offset: Int

    /// ssh's rule (readconf.c, parse_fwd_field): a field with a slash is the path of a Unix socket.
    var isPath: Bool { !isBracketed && text.contains("/") }

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
                fields.append(SpecField(text: text, isBracketed: false, offset: base + start))
            }
            if index >= characters.count { return fields }
            index += 1
        }
    }

    /// How many of the fields are the target: a path, or host and port.
    static func targetCount(_ fields: [SpecField], _ kind: ForwardSpec.Kind) -> Int {
        if kind == .dynamic { return 0 }
        return min(fields.count, fields.count > 1 && fields[fields.count - 1].isPath ? 1 : 2)
    }

    static func listen(
        _ fields: [SpecField], _ kind: ForwardSpec.Kind, _ service: (String) -> UInt16?
    ) throws(ForwardSpecError) -> ForwardSpec.Listen {
        if fields[0].isPath {
            if kind == .remote {
                throw ForwardSpecError("a Unix socket at the far side cannot be listened on", at: fields[0].offset)
            }
            return .socket(try fields[0].socketPath())
        }
        let address = fields.count == 2 ? try fields[0].bindAddress() : .loopback
        let port = try fields[fields.count - 1].port(isListener: true, kind, service)
        return .port(ForwardSpec.ListenAddress(address: address, port: port))
    }

    static func destination(
        _ fields: [SpecField], _ kind: ForwardSpec.Kind, _ service: (String) -> UInt16?
    ) throws(ForwardSpecError) -> ForwardSpec.Destination {
        if fields.count == 1 { return .socket(try fields[0].socketPath()) }
        let host = try fields[0].targetHost()
        let port = try fields[1].port(isListener: false, kind, service)
        return .host(ForwardSpec.Endpoint(host: host, port: port))
    }

    /// unix(7): 108 bytes with the NUL at its end.
    private static let longestPath = 107

    private func socketPath() throws(ForwardSpecError) -> String {
        guard text.hasPrefix("/") else {
            throw ForwardSpecError("\"\(text)\" is not the absolute path of a Unix socket", at: offset)
        }
        guard text.utf8.count <= Self.longestPath, !text.hasSuffix("/") else {
            throw ForwardSpecError(
                "\"\(text)\" is not a Unix socket's path (a file, at most \(Self.longestPath) bytes)", at: offset)
        }
        return text
    }

    func port(
        isListener: Bool, _ kind: ForwardSpec.Kind, _ service: (String) -> UInt16?
    ) throws(ForwardSpecError) -> UInt16 {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard let port = isNumber ? UInt16(text) : (isBracketed || text.isEmpty ? nil : service(text)) else {
            throw ForwardSpecError("\"\(text)\" is not a port (1 to 65535)", at: offset)
        }
        if port == 0, !isListener { throw ForwardSpecError("the target's port must not be 0", at: offset) }
        if port == 0, kind != .remote {
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
