import FwdCore
import FwdOpenSSH

/// What one file says itself; `nil` is what it leaves open, for ssh_config or a default to say.
struct GatewayDeclaration: Sendable {
    var host: String
    var port: UInt16?
    var user: String?
    var pins: [HostKeyPin] = []
    var retiring: Set<HostKeyPin> = []
    var identities: [IdentityConfiguration]?
    var agent: AgentSocket?
    var password: SecretSource?
    /// Empty: none are to be read.
    var knownHosts: [String]?
    var via: String?
    var sshConfig: SSHConfigFile = .standard
    var forwards: [ForwardConfiguration] = []
    var places: Places

    /// Where messages about what is absent, or comes from elsewhere, point.
    struct Places: Sendable {
        var gateway: SourcePosition
        var host: SourcePosition
        var hostKey: SourcePosition
        var forwards: SourcePosition
    }

    /// The whole configuration: the file always wins.
    func configuration(name: String, completedBy defaults: GatewayDefaults) -> GatewayConfiguration {
        GatewayConfiguration(
            name: name, host: host, hostName: defaults.hostName, port: port ?? defaults.port,
            login: LoginConfiguration(
                user: user ?? defaults.user, identities: identities ?? defaults.identities,
                agent: agent ?? defaults.agent,
                offersOnlyIdentities: identities != nil || defaults.offersOnlyIdentities, password: password),
            trust: HostTrust(
                pins: pins, retiring: retiring, knownHosts: knownHosts ?? defaults.knownHosts,
                hostKeyAlias: defaults.hostKeyAlias),
            route: via.map { .via($0) } ?? defaults.route, connectTimeout: defaults.connectTimeout,
            liveness: defaults.liveness, forwards: forwards)
    }
}

/// What a gateway takes from elsewhere where its file is silent.
struct GatewayDefaults: Hashable, Sendable {
    var hostName: String
    var port: UInt16 = 22
    var user: String
    var identities: [IdentityConfiguration]
    var offersOnlyIdentities = false
    var agent = AgentSocket.environment
    var knownHosts: [String]
    var hostKeyAlias: String?
    var route = Route.direct()
    var connectTimeout = GatewayConfiguration.defaultConnectTimeout
    var liveness = Liveness()

    /// OpenSSH's order (ssh_config(5), IdentityFile), without the types that need a hardware token.
    static let usualIdentities = ["id_rsa", "id_ecdsa", "id_ed25519"]

    /// OpenSSH's own defaults (ssh_config(5)), as they are without any ssh_config.
    init(host: String, environment: ConfigEnvironment) {
        hostName = host
        user = environment.userName
        identities = Self.usualIdentityFiles(environment).filter(environment.fileExists)
            .map { IdentityConfiguration($0) }
        knownHosts = Self.usualKnownHosts(environment)
    }

    private static func usualIdentityFiles(_ environment: ConfigEnvironment) -> [String] {
        usualIdentities.map { "\(environment.homeDirectory)/.ssh/\($0)" }
    }

    /// UserKnownHostsFile, then GlobalKnownHostsFile.
    private static func usualKnownHosts(_ environment: ConfigEnvironment) -> [String] {
        let home = environment.homeDirectory
        return [
            "\(home)/.ssh/known_hosts", "\(home)/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts",
            "/etc/ssh/ssh_known_hosts2",
        ]
    }
}
