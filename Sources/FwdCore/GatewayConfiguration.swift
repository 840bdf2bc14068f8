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

/// Everything that one file of `forwards.d` says.
public struct GatewayConfiguration: Hashable, Sendable {
    /// The file's name without `.yaml`.
    public var name: String
    public var host: String
    public var port: UInt16
    public var user: String
    /// Key files, tried in order. Absolute paths, `~` already expanded.
    public var identities: [String]
    /// The trusted host keys. Empty: the gateway parks and shows what was offered.
    public var hostKeys: [HostKeyPin]
    /// In the order of the file.
    public var forwards: [ForwardConfiguration]

    public init(
        name: String, host: String, port: UInt16 = 22, user: String, identities: [String] = [],
        hostKeys: [HostKeyPin] = [], forwards: [ForwardConfiguration] = []
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.user = user
        self.identities = identities
        self.hostKeys = hostKeys
        self.forwards = forwards
    }
}

/// One forward as configured.
public struct ForwardConfiguration: Hashable, Sendable {
    public static let defaultHold = Duration.seconds(10)

    public var name: String
    public var spec: ForwardSpec
    /// How long a new connection waits for a gateway that is reconnecting before it is closed.
    public var hold: Duration
    /// `false`: the rule stands in the file but is not started.
    public var isEnabled: Bool

    public init(name: String, spec: ForwardSpec, hold: Duration = defaultHold, isEnabled: Bool = true) {
        self.name = name
        self.spec = spec
        self.hold = hold
        self.isEnabled = isEnabled
    }
}
