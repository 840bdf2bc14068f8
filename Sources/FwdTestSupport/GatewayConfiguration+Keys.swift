import FwdCore

extension GatewayConfiguration {
    /// A gateway that logs in with key files without passphrases and trusts pins.
    public init(
        name: String, host: String, port: UInt16 = 22, user: String, keys: [String] = [], pins: [HostKeyPin] = [],
        forwards: [ForwardConfiguration] = []
    ) {
        self.init(
            name: name, host: host, port: port,
            login: LoginConfiguration(user: user, identities: keys.map { IdentityConfiguration($0) }),
            trust: HostTrust(pins: pins), forwards: forwards)
    }
}
