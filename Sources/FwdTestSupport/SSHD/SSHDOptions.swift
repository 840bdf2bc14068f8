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

    public init(
        hostKeys: [SSHKey.KeyType] = [.ed25519], userKey: SSHKey.KeyType = .ed25519, configuration: [String] = [],
        keyOptions: String = "", authorizesUserKey: Bool = true
    ) {
        self.hostKeys = hostKeys
        self.userKey = userKey
        self.configuration = configuration
        self.keyOptions = keyOptions
        self.authorizesUserKey = authorizesUserKey
    }

    public static let standard = SSHDOptions()
}
