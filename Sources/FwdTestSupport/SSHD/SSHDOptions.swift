/// How the server of an `SSHDFixture` is set up.
public struct SSHDOptions: Sendable {
    public var hostKeys: [SSHKey.KeyType]
    public var userKey: SSHKey.KeyType
    /// Lines of sshd_config. They stand before the fixture's own, and in sshd_config the first value counts. `Match`
    /// and what follows it stand last.
    public var configuration: [String]
    /// What stands before the key in authorized_keys: `restrict,permitopen="127.0.0.1:80"`.
    public var keyOptions: String
    /// Whether the user's key is in authorized_keys at all.
    public var authorizesUserKey: Bool
    /// More lines of authorized_keys, such as the `publicLine` of other keys.
    public var authorizedKeys: [String]
    /// Whose user certificates are accepted (TrustedUserCAKeys).
    public var trustedUserCA: SSHKey?
    /// Lets the current user log in with this password, by the methods password and keyboard-interactive.
    public var passwordAccount: PasswordAccount?
    /// sshd's LogLevel. `DEBUG1` and above also tell the algorithms.
    public var logLevel: String
    /// The one address that it listens on; `nil` is 127.0.0.1 and, where there is one, ::1.
    public var address: String?
    /// A command that ends by executing its last arguments: `ip netns exec NAME`.
    public var wrapper: [String] = []

    public init(
        hostKeys: [SSHKey.KeyType] = [.ed25519], userKey: SSHKey.KeyType = .ed25519, configuration: [String] = [],
        keyOptions: String = "", authorizesUserKey: Bool = true, authorizedKeys: [String] = [],
        trustedUserCA: SSHKey? = nil, passwordAccount: PasswordAccount? = nil, logLevel: String = "VERBOSE"
    ) {
        self.hostKeys = hostKeys
        self.userKey = userKey
        self.configuration = configuration
        self.keyOptions = keyOptions
        self.authorizesUserKey = authorizesUserKey
        self.authorizedKeys = authorizedKeys
        self.trustedUserCA = trustedUserCA
        self.passwordAccount = passwordAccount
        self.logLevel = logLevel
    }

    public static let standard = SSHDOptions()
}
