extension HandshakingEvent: Decodable {
    /// A line of the program's output.
    public init(from decoder: any Decoder) throws {
        connection = try Details(decoder).number(.connection)
        happening = try Happening(from: decoder)
    }
}

/// The other members of a line's object.
private struct Details {
    enum Key: String, CodingKey {
        case connection, event, name, by, how, reason, code, bytes, target, answers
        case isRekey, algorithm, fingerprint
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Key.self)
    }

    func text(_ key: Key) throws -> String { try container.decode(String.self, forKey: key) }
    func textIfPresent(_ key: Key) throws -> String? { try container.decodeIfPresent(String.self, forKey: key) }
    func texts(_ key: Key) throws -> [String] { try container.decode([String].self, forKey: key) }
    func number(_ key: Key) throws -> Int { try container.decode(Int.self, forKey: key) }
    func flag(_ key: Key) throws -> Bool { try container.decode(Bool.self, forKey: key) }
}

extension HandshakingEvent.Happening: Decodable {
    public init(from decoder: any Decoder) throws {
        let details = try Details(decoder)
        switch try details.text(.event) {
        case "opened": self = .opened
        case "identified": self = .identified(try details.text(.name))
        case "keysExchanged":
            self = .keysExchanged(
                isRekey: try details.flag(.isRekey), hostKeyAlgorithm: try details.text(.algorithm),
                fingerprint: try details.text(.fingerprint))
        case "serviceRequest": self = .serviceRequest(try details.text(.name))
        case "authenticationRequest": self = .authenticationRequest(try .init(from: decoder))
        case "answers": self = .answers(try details.texts(.answers))
        case "authenticationResult": self = .authenticationResult(try .init(name: details.text(.name)))
        case "channelOpen": self = .channelOpen(try details.text(.name), target: try details.textIfPresent(.target))
        case "channelRequest": self = .channelRequest(try details.text(.name))
        case "globalRequest": self = .globalRequest(try details.text(.name))
        case "misbehaved": self = .misbehaved
        case "flooded": self = .flooded(bytes: try details.number(.bytes))
        case "disconnected":
            self = .disconnected(code: try details.number(.code), reason: try details.text(.reason))
        case "ended": self = .ended(try HandshakingEvent.End(details))
        case let other: throw TestSupportError("there is no event \"\(other)\"")
        }
    }
}

extension HandshakingEvent.AuthenticationResult {
    fileprivate init(name: String) throws {
        guard let result = Self(rawValue: name) else { throw TestSupportError("there is no result \"\(name)\"") }
        self = result
    }
}

extension HandshakingEvent.End {
    fileprivate init(_ details: Details) throws {
        switch (try details.text(.by), try details.text(.how)) {
        case ("client", "close"): self = .closedByClient
        case ("client", "reset"): self = .resetByClient
        case ("server", "error"): self = .failed(try details.text(.reason))
        default: self = .endedByServer
        }
    }
}
