/// How the bytes of a gateway's session travel.
public enum Route: Hashable, Sendable {
    /// A TCP connection of this machine.
    /// - Parameter bindAddress: the local address to connect from.
    case direct(bindAddress: String? = nil)
    /// A direct-tcpip channel of another gateway (ssh_config(5), ProxyJump).
    case via(String)
    /// The standard input and output of a command (ssh_config(5), ProxyCommand), run by `/bin/sh`; all tokens
    /// are expanded already.
    case command(String)
}

/// When a silent server counts as dead.
public struct Liveness: Hashable, Sendable {
    /// The server is asked this often.
    public var interval: Duration
    /// Intervals without any byte after which the session is given up.
    public var count: Int

    public init(interval: Duration = .seconds(5), count: Int = 3) {
        self.interval = interval
        self.count = count
    }
}

/// Everything that one file of `forwards.d` says, completed from ssh_config.
public struct GatewayConfiguration: Hashable, Sendable {
    public static let defaultConnectTimeout = Duration.seconds(10)

    /// The file's name without `.yaml`.
    public var name: String
    /// As in the file: a name, an address, or a Host alias of ssh_config.
    public var host: String
    /// What is connected to: `host`, or the HostName that ssh_config gives for it.
    public var hostName: String
    public var port: UInt16
    public var login: LoginConfiguration
    public var trust: HostTrust
    public var route: Route
    /// For the TCP connection.
    public var connectTimeout: Duration
    public var liveness: Liveness
    /// Servers to use while this one cannot be, in that order: each complete, with this gateway's name, and without
    /// forwards or fallbacks of its own.
    public var fallbacks: [GatewayConfiguration]
    /// In the order of the file.
    public var forwards: [ForwardConfiguration]

    /// The one that is used first, and those for while it cannot be.
    public var servers: [GatewayConfiguration] { [self] + fallbacks }

    public init(
        name: String, host: String, hostName: String? = nil, port: UInt16 = 22, login: LoginConfiguration,
        trust: HostTrust = HostTrust(), route: Route = .direct(), connectTimeout: Duration = defaultConnectTimeout,
        liveness: Liveness = Liveness(), fallbacks: [GatewayConfiguration] = [], forwards: [ForwardConfiguration] = []
    ) {
        self.name = name
        self.host = host
        self.hostName = hostName ?? host
        self.port = port
        self.login = login
        self.trust = trust
        self.route = route
        self.connectTimeout = connectTimeout
        self.liveness = liveness
        self.fallbacks = fallbacks
        self.forwards = forwards
    }
}

extension ForwardConfiguration {
    /// What can be looked for: where all connections lead, or else what the probe names.
    public var probedTarget: ForwardSpec.Destination? {
        spec.destination ?? probe?.target.map { .host($0) }
    }
}

/// One forward as configured.
public struct ForwardConfiguration: Hashable, Sendable {
    public static let defaultHold = Duration.seconds(10)
    /// As ssh's StreamLocalBindMask leaves it: for the user alone.
    public static let defaultSocketMode: UInt16 = 0o600

    public var name: String
    public var spec: ForwardSpec
    /// How long a new connection waits for a gateway that is reconnecting before it is closed.
    public var hold: Duration
    /// `false`: the rule stands in the file but is not started.
    public var isEnabled: Bool
    /// `nil`: none is made.
    public var probe: Probe?
    public var limits: ForwardLimits
    /// Permissions of the Unix socket that is listened on; `nil`: for the user alone.
    public var socketMode: UInt16?

    public init(
        name: String, spec: ForwardSpec, hold: Duration = defaultHold, isEnabled: Bool = true, probe: Probe? = nil,
        limits: ForwardLimits = .none, socketMode: UInt16? = nil
    ) {
        self.name = name
        self.spec = spec
        self.hold = hold
        self.isEnabled = isEnabled
        self.probe = probe
        self.limits = limits
        self.socketMode = socketMode
    }
}
