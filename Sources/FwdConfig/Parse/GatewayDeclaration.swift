import FwdCore
import FwdOpenSSH

/// What one file says itself; `nil` is what it leaves open, for ssh_config or a default to say.
struct GatewayDeclaration: Sendable {
    /// At least one, in the order in which they are to be used.
    var hosts: [DeclaredHost]
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
    var liveness = DeclaredLiveness()
    var sshConfig: SSHConfigFile = .standard
    var display: ForwardConfiguration?
    /// With the display's.
    var forwards: [ForwardConfiguration] = []
    var places: Places

    /// Where messages about what is absent, or comes from elsewhere, point.
    struct Places: Sendable {
        var gateway: SourcePosition
        var hostKey: SourcePosition
        var forwards: SourcePosition
    }

    /// The whole configuration: the file always wins.
    /// - Parameter defaults: one for each host.
    func configuration(name: String, completedBy defaults: [GatewayDefaults]) -> GatewayConfiguration {
        precondition(!hosts.isEmpty && hosts.count == defaults.count, "each host has its own defaults")
        let servers = zip(hosts, defaults).map { server($0.name, name: name, completedBy: $1) }
        var configuration = servers[0]
        configuration.fallbacks = Array(servers.dropFirst())
        configuration.forwards = forwards
        return configuration
    }

    private func server(
        _ host: String, name: String, completedBy defaults: GatewayDefaults
    ) -> GatewayConfiguration {
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
            liveness: liveness.completed(by: defaults))
    }
}

/// One of the servers that `host` names, and where.
struct DeclaredHost: Hashable, Sendable {
    var name: String
    var position: SourcePosition
}

/// What `liveness` says.
struct DeclaredLiveness: Hashable, Sendable {
    var interval: Duration?
    var count: Int?

    fileprivate func completed(by defaults: GatewayDefaults) -> Liveness {
        guard let interval else {
            return Liveness(interval: defaults.liveness.interval, count: count ?? defaults.liveness.count)
        }
        return Liveness(interval: interval, count: count ?? defaults.aliveCount)
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
    /// The count for an interval that the file gives: without one, ssh does not look at its ServerAliveCountMax.
    var aliveCount = Liveness().count

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
