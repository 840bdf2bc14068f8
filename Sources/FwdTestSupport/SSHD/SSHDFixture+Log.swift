/// A login that sshd let in, from its log.
public struct AcceptedLogin: Equatable, Sendable {
    /// `publickey`, `password` or `keyboard-interactive/pam`.
    public let method: String
    public let user: String
    /// Of the method publickey: "ED25519", "RSA-CERT", ... as sshd writes it.
    public let keyType: String?
    /// "SHA256:..." of the key; in a certificate, of the key that it certifies.
    public let fingerprint: String?
    /// The identity in a certificate.
    public let certificateID: String?

    /// A line such as "Accepted publickey for root from 127.0.0.1 port 1234 ssh2: ED25519 SHA256:...".
    init?(line: Substring) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 9, words[0] == "Accepted", words[2] == "for", words[4] == "from" else { return nil }
        (method, user) = (words[1], words[3])
        let details = words.dropFirst(8).first == "ssh2:" ? Array(words.dropFirst(9)) : []
        keyType = details.first
        fingerprint = details.dropFirst().first
        certificateID = details.dropFirst(2).first == "ID" ? details.dropFirst(3).first : nil
    }
}

/// What the server's log says.
extension SSHDFixture {
    /// Every login, whatever its method, in the order in which they were accepted.
    public nonisolated var acceptedLogins: [AcceptedLogin] {
        logLines.compactMap { AcceptedLogin(line: $0) }
    }

    /// The logins with a key or certificate.
    public nonisolated var acceptedKeys: [AcceptedLogin] {
        acceptedLogins.filter { $0.method == "publickey" }
    }

    /// The algorithm with which the host key signed, of each key exchange. Needs the log level `DEBUG1`.
    public nonisolated var hostKeyAlgorithms: [String] {
        logLines.compactMap { Self.word(after: "kex: host key algorithm: ", in: $0) }
    }

    /// The algorithms of the keys that clients asked sshd about before they signed. Needs the log level `DEBUG1`.
    public nonisolated var publicKeyAlgorithms: [String] {
        logLines.compactMap { Self.word(after: "userauth_pubkey: publickey test pkalg ", in: $0) }
    }

    /// sshd ends its lines with CR LF, which is one character.
    private nonisolated var logLines: [Substring] { log.split(whereSeparator: \.isNewline) }

    private static func word(after mark: String, in line: Substring) -> String? {
        guard let range = line.firstRange(of: mark) else { return nil }
        return line[range.upperBound...].split(separator: " ").first.map(String.init)
    }
}
