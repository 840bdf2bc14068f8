/// Where a secret is read from, at every login. Never the secret itself.
public enum SecretSource: Hashable, Sendable, CustomStringConvertible {
    /// A file, by its absolute path.
    case file(String)
    /// A credential that systemd hands to the service: the file of this name in `$CREDENTIALS_DIRECTORY`
    /// (systemd.exec(5), LoadCredential).
    case credential(String)

    /// As it stands in a file of `forwards.d`: `/etc/fwd/key`, `credential:key`.
    public var description: String {
        switch self {
        case .file(let path): path
        case .credential(let name): "credential:\(name)"
        }
    }
}

/// A key to log in with.
public struct IdentityConfiguration: Hashable, Sendable {
    /// A private key file, or a public one (`.pub`) whose private half the agent has.
    public var key: SecretSource
    /// The OpenSSH user certificate for it; absent: the key's path and `-cert.pub`, if that file exists.
    public var certificate: String?
    /// Where the passphrase of an encrypted key file is.
    public var passphrase: SecretSource?

    public init(key: SecretSource, certificate: String? = nil, passphrase: SecretSource? = nil) {
        self.key = key
        self.certificate = certificate
        self.passphrase = passphrase
    }

    /// A key file without a passphrase.
    public init(_ path: String) {
        self.init(key: .file(path))
    }
}

/// Which ssh-agent is asked.
public enum AgentSocket: Hashable, Sendable {
    case none
    /// The one that `$SSH_AUTH_SOCK` names in the environment of this process, if any.
    case environment
    /// A socket by its absolute path.
    case path(String)
}

/// How a gateway logs in: which credentials, in this order: keys, password, keyboard-interactive.
public struct LoginConfiguration: Hashable, Sendable {
    public var user: String
    /// In the order of the file.
    public var identities: [IdentityConfiguration]
    public var agent: AgentSocket
    /// `true`: keys of the agent that no identity names are not offered (ssh_config(5), IdentitiesOnly).
    public var offersOnlyIdentities: Bool
    /// The last resort: the answer to password and keyboard-interactive authentication.
    public var password: SecretSource?

    public init(
        user: String, identities: [IdentityConfiguration] = [], agent: AgentSocket = .none,
        offersOnlyIdentities: Bool = true, password: SecretSource? = nil
    ) {
        self.user = user
        self.identities = identities
        self.agent = agent
        self.offersOnlyIdentities = offersOnlyIdentities
        self.password = password
    }
}
