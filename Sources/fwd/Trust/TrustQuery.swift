import FwdCore
import FwdOpenSSH

/// What the user of `fwd trust` wants to become of the pins.
enum TrustMode: Equatable {
    /// The first pins.
    case pin
    /// More pins; `isRetiring`: those that are there shall retire.
    case add(isRetiring: Bool)
    /// Pins that the server does not offer any more go.
    case replace
}

/// How the pins of a gateway shall change.
struct PinChange: Hashable {
    var adding: [HostKeyPin] = []
    var removing: Set<HostKeyPin> = []
    var retiring: Set<HostKeyPin> = []

    var isEmpty: Bool { adding.isEmpty && removing.isEmpty && retiring.isEmpty }
}

/// Why no key is pinned, in a sentence.
struct TrustRefusal: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Decides what becomes of the pins: pure, so that every case is a line of a table in the tests.
struct TrustQuery {
    /// What is to be done.
    enum Decision: Hashable {
        case nothing(String)
        case write(PinChange)
    }

    /// One server of the gateway, and its keys in our order of preference.
    struct Server: Hashable {
        let name: String
        let offered: [HostKeyPin]
    }

    let gateway: String
    let trust: HostTrust
    /// Those that could be asked; all share the pins.
    let servers: [Server]
    /// Whether all could be asked.
    let isComplete: Bool
    /// Keys that known_hosts revokes, and where.
    let revoked: [HostKeyPin: String]
    /// Fingerprints that the user knows to be right; empty: he will be asked.
    let expected: [String]

    /// What the servers offer together.
    private var offered: [HostKeyPin] {
        servers.flatMap(\.offered).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    func decide(_ mode: TrustMode) throws(TrustRefusal) -> Decision {
        try checkExpected()
        if trust.pins.isEmpty { return .write(PinChange(adding: try candidates())) }
        switch mode {
        case .pin: return try compare()
        case .add(let isRetiring): return try add(isRetiring: isRetiring)
        case .replace: return try replace()
        }
    }

    /// An answer that names one key.
    func narrowed(_ change: PinChange, to fingerprint: String) -> PinChange {
        var change = change
        change.adding.removeAll { $0.fingerprint != fingerprint }
        return change
    }

    // MARK: - Steps

    private func checkExpected() throws(TrustRefusal) {
        for fingerprint in expected {
            guard let key = offered.first(where: { $0.fingerprint == fingerprint }) else {
                throw TrustRefusal(
                    "the server does not offer \(fingerprint) but \(Self.list(offered)): somebody may be in between, or"
                        + " the fingerprint is of another key; nothing is written")
            }
            if let place = revoked[key] {
                throw TrustRefusal("\(key) is revoked (\(place)) and never pinned; nothing is written")
            }
        }
    }

    /// What may be pinned.
    private func candidates() throws(TrustRefusal) -> [HostKeyPin] {
        let good = offered.filter { revoked[$0] == nil && (expected.isEmpty || expected.contains($0.fingerprint)) }
        if good.isEmpty {
            let places = offered.compactMap { revoked[$0] }.joined(separator: ", ")
            throw TrustRefusal("every key that the server offers is revoked (\(places)); give the server a new key")
        }
        return good
    }

    /// Pinned already, or to be pinned anew because it was to retire and is expected now.
    private func additions() throws(TrustRefusal) -> [HostKeyPin] {
        try candidates().filter { key in
            !trust.pins.contains(key) || (trust.retiring.contains(key) && expected.contains(key.fingerprint))
        }
    }

    private func compare() throws(TrustRefusal) -> Decision {
        for server in servers where isMismatch(server) { throw mismatch(server) }
        let matching = offered.filter { trust.pins.contains($0) }
        let foreign = offered.filter { !trust.pins.contains($0) }
        if let key = matching.first(where: { revoked[$0] != nil }), let place = revoked[key] {
            throw TrustRefusal(
                "\(key) is pinned, but revoked (\(place)); give the server a new key, then:"
                    + " fwd trust \(gateway) --replace")
        }
        if let key = foreign.first(where: { expected.contains($0.fingerprint) }) {
            throw TrustRefusal(
                "\(key) is not pinned, other keys are; to add it:"
                    + " fwd trust \(gateway) --add --expect \(key.fingerprint)")
        }
        return .nothing(Self.list(matching) + " already pinned" + hint(matching, foreign))
    }

    /// Whether a server has none of the pins, or another key than one that is pinned. A pin does not say for which server
    /// it is: one that another server has, or that one which could not be asked may have, is not held against this one.
    private func isMismatch(_ server: Server) -> Bool {
        guard server.offered.contains(where: trust.pins.contains) else { return true }
        let elsewhere = servers.filter { $0 != server }.flatMap(\.offered)
        let types = isComplete ? Set(trust.pins.filter { !elsewhere.contains($0) }.map(\.type)) : []
        return server.offered.contains { !trust.pins.contains($0) && types.contains($0.type) }
    }

    private func hint(_ matching: [HostKeyPin], _ foreign: [HostKeyPin]) -> String {
        if matching.allSatisfy({ trust.retiring.contains($0) }) {
            return ", but to retire: the server has none of the other pins"
        }
        let more = foreign.filter { revoked[$0] == nil }
        if more.isEmpty { return "" }
        return "; the server also offers \(Self.list(more)): fwd trust \(gateway) --add pins that, too"
    }

    private func mismatch(_ server: Server) -> TrustRefusal {
        let foreign = server.offered.filter { !trust.pins.contains($0) }
        let expectations = foreign.map { " --expect \($0.fingerprint)" }.joined()
        let isOnly = servers.count == 1 && isComplete
        let way = isOnly ? "--replace" : "--add (it is new) or --replace (it has new keys)"
        return TrustRefusal(
            "HOST KEY MISMATCH: \(gateway) pins \(Self.list(trust.pins, "or")), the server"
                + "\(isOnly ? "" : " \(server.name)") offers"
                + " \(Self.list(server.offered)): somebody may be in between, or the server was reinstalled; only if the"
                + " server's own keys are these (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub): fwd trust \(gateway)"
                + " \(way)\(expectations)")
    }

    private func add(isRetiring: Bool) throws(TrustRefusal) -> Decision {
        let adding = try additions()
        if adding.isEmpty {
            let retired = isRetiring ? "; with nothing to add, nothing is retired" : ""
            return .nothing("\(Self.list(offered.filter(trust.pins.contains))) already pinned\(retired)")
        }
        let retiring = isRetiring ? Set(trust.pins).subtracting(adding).subtracting(trust.retiring) : []
        return .write(PinChange(adding: adding, retiring: retiring))
    }

    private func replace() throws(TrustRefusal) -> Decision {
        guard isComplete else {
            throw TrustRefusal(
                "nothing is replaced: the pins of a server that cannot be asked would go; --add can be used")
        }
        let adding = try additions()
        let removing = Set(trust.pins.filter { !offered.contains($0) || revoked[$0] != nil })
        let change = PinChange(adding: adding, removing: removing)
        if change.isEmpty { return .nothing("\(Self.list(trust.pins)) already pinned, and nothing else") }
        return .write(change)
    }

    static func list(_ pins: [HostKeyPin], _ word: String = "and") -> String {
        guard let last = pins.last, pins.count > 1 else { return pins.first?.description ?? "none" }
        return pins.dropLast().map(\.description).joined(separator: ", ") + " \(word) \(last)"
    }
}
