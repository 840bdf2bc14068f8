import FwdCore
import FwdOpenSSH

/// What speaks for and against one key that a server offers.
struct HostKeyEvidence {
    enum Known: Hashable {
        /// The line that has this key.
        case trusted(String)
        /// The line that has another key of this type.
        case different(String)
        case revoked(String)
        case absent
    }

    let key: PublicKey
    let trust: HostTrust
    let known: Known
    /// `nil`: DNS was not asked, or did not answer.
    let dns: SSHFPRecords?
    /// `nil`: nobody said what to expect.
    let isExpected: Bool?
    /// The server that offers it; `nil` where there is no other.
    let server: String?

    init(
        _ key: PublicKey, trust: HostTrust, known: KnownHosts.Answer, dns: SSHFPRecords?, expected: [String],
        server: String? = nil
    ) {
        self.key = key
        self.trust = trust
        self.known = Self.known(key, known)
        self.dns = dns
        self.server = server
        isExpected = expected.isEmpty ? nil : expected.contains(key.fingerprint)
    }

    private static func known(_ key: PublicKey, _ answer: KnownHosts.Answer) -> Known {
        if let line = answer.revocation(of: key) { return .revoked(line.place.description) }
        if let line = answer.trusted.first(where: { $0.key.blob == key.blob }) {
            return .trusted(line.place.description)
        }
        return answer.trusted.first { $0.key.type == key.type }.map { .different($0.place.description) } ?? .absent
    }
}

/// The keys in a table for the person who decides.
enum TrustView {
    static func render(_ keys: [HostKeyEvidence], _ style: Style) -> String {
        let hasSeveralServers = keys.contains { $0.server != nil }
        var table = Table(
            columns: (hasSeveralServers ? [("SERVER", .left)] : []) + [
                ("TYPE", .left), ("FINGERPRINT", .left), ("PINNED", .left), ("EXPECTED", .left), ("KNOWN_HOSTS", .left),
                ("DNS", .left),
            ])
        table.rows = keys.map { key in
            Table.Row(
                cells: (hasSeveralServers ? [Table.Cell(key.server ?? "-")] : []) + [
                    Table.Cell(key.key.type), Table.Cell(key.key.fingerprint), pinned(key), expected(key), known(key),
                    dns(key),
                ])
        }
        return table.render(style)
    }

    private static func pinned(_ key: HostKeyEvidence) -> Table.Cell {
        guard key.trust.pins.contains(key.key.pin) else { return Table.Cell("no") }
        return key.trust.retiring.contains(key.key.pin) ? Table.Cell("retiring", .yellow) : Table.Cell("yes", .green)
    }

    private static func expected(_ key: HostKeyEvidence) -> Table.Cell {
        switch key.isExpected {
        case nil: Table.Cell("-")
        case true?: Table.Cell("yes", .green)
        case false?: Table.Cell("no")
        }
    }

    private static func known(_ key: HostKeyEvidence) -> Table.Cell {
        switch key.known {
        case .trusted(let place): Table.Cell(place, .green)
        case .different(let place): Table.Cell("another key at \(place)", .red)
        case .revoked(let place): Table.Cell("REVOKED at \(place)", .red)
        case .absent: Table.Cell("no")
        }
    }

    private static func dns(_ key: HostKeyEvidence) -> Table.Cell {
        guard let dns = key.dns else { return Table.Cell("-") }
        let doubt = dns.isAuthenticated ? "" : ", not authenticated"
        switch dns.verdict(on: key.key) {
        case .match: return Table.Cell("match" + doubt, dns.isAuthenticated ? .green : nil)
        case .mismatch: return Table.Cell("mismatch" + doubt, .red)
        case .none: return Table.Cell("none")
        }
    }
}
