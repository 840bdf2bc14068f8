/// A trusted host key: its type and the SHA-256 of its blob, as `ssh-keygen -lf` prints it.
public struct HostKeyPin: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The types that libssh2 can negotiate and we allow, with the signature algorithms for each, best first
    /// (RFC 8332, RFC 8709, RFC 5656). SHA-1 `ssh-rsa` signatures are not among them.
    public static let signatureAlgorithms: [String: [String]] = [
        "ssh-ed25519": ["ssh-ed25519"],
        "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
        "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
        "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
        "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
    ]

    /// The key's type as it stands in its blob ("ssh-rsa", "ssh-ed25519", ...).
    public let type: String
    /// `SHA256:` and 43 characters of base64 without padding.
    public let fingerprint: String

    public init(type: String, fingerprint: String) {
        self.type = type
        self.fingerprint = fingerprint
    }

    public var description: String { "\(type) \(fingerprint)" }
}

/// Which host keys a gateway accepts. Nothing is ever trusted on first use.
public struct HostTrust: Hashable, Sendable {
    /// The pins. Empty: what known_hosts says.
    public var pins: [HostKeyPin]
    /// Those of the pins that are accepted, but only where the server has none of the others, and with a warning.
    public var retiring: Set<HostKeyPin>
    /// OpenSSH's known_hosts files, absolute paths. Their revocations count even where pins are given.
    public var knownHosts: [String]
    /// The name to look for in known_hosts instead of host and port (ssh_config(5), HostKeyAlias).
    public var hostKeyAlias: String?

    public init(
        pins: [HostKeyPin] = [], retiring: Set<HostKeyPin> = [], knownHosts: [String] = [], hostKeyAlias: String? = nil
    ) {
        self.pins = pins
        self.retiring = retiring
        self.knownHosts = knownHosts
        self.hostKeyAlias = hostKeyAlias
    }
}
