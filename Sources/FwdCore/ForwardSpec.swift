/// What a forward carries, from where to where.
///
/// `-L`, `-R` and `-D` are in ssh's grammar (ssh(1)); the other two kinds are no options of ssh.
public struct ForwardSpec: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// `-L`: a listener here, the target is connected to by the far side.
        case local
        /// `-R`: a listener at the far side, the target is connected to from here.
        case remote
        /// `-D`: a proxy here; each client says what the far side is to connect to.
        case dynamic
        /// Connections that hosts make to some networks are taken over here, and made by the far side.
        case transparent
        /// A network device here and one at the far side, with a tunnel between them.
        case network

        /// As on ssh's command line; what is no option of ssh has the name of its key.
        public var flag: String {
            switch self {
            case .local: "-L"
            case .remote: "-R"
            case .dynamic: "-D"
            case .transparent: "transparent"
            case .network: "network"
            }
        }

        /// Whether the far side listens, so that there is no listener without a session.
        public var listensFarAway: Bool {
            switch self {
            case .remote, .network: true
            case .local, .dynamic, .transparent: false
            }
        }
    }

    public let kind: Kind
    public let listen: Listen
    public let target: Target

    public init(kind: Kind, listen: Listen, target: Target) {
        self.kind = kind
        self.listen = listen
        self.target = target
    }

    /// A forward from port to port.
    public init(kind: Kind, listen: ListenAddress, target: Endpoint) {
        self.init(kind: kind, listen: .port(listen), target: .destination(.host(target)))
    }

    /// Where all its connections lead to; `nil` where that differs from one to the next.
    public var destination: Destination? {
        if case .destination(let destination) = target { destination } else { nil }
    }

    /// Whether one connection says something about the next one.
    public var leadsToOnePlace: Bool {
        switch target {
        case .destination, .peer: true
        case .asked, .original: false
        }
    }

    /// The spec as it would be given to ssh, in normal form.
    public var description: String {
        switch (listen, target) {
        case (.port(let listen), .asked): "\(kind.flag) \(listen.prefix)\(listen.port)"
        case (.port(let listen), .destination(let destination)):
            "\(kind.flag) \(listen.prefix)\(listen.port):\(destination)"
        case (.socket(let path), .asked): "\(kind.flag) \(path)"
        case (.socket(let path), .destination(let destination)): "\(kind.flag) \(path):\(destination)"
        default: "\(kind.flag) \(listen)"
        }
    }

    /// Whether it is no option of ssh, and so a mapping in a file.
    public var hasLongFormOnly: Bool {
        switch listen {
        case .port, .socket: false
        case .redirect, .device: true
        }
    }

    public var listensOnSocket: Bool {
        if case .socket = listen { true } else { false }
    }

    /// Whether hosts other than this one may reach the listener.
    public var listensBeyondLoopback: Bool {
        if case .port(let listen) = listen { listen.isBeyondLoopback } else { false }
    }
}

extension ForwardSpec {
    public enum BindAddress: Hashable, Sendable {
        case loopback
        case any
        case address(String)
    }

    /// A port to listen on, and whose.
    public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
        public let address: BindAddress
        /// 0 only for `-R`: the far side chooses.
        public let port: UInt16

        public init(address: BindAddress, port: UInt16) {
            self.address = address
            self.port = port
        }

        public var description: String {
            switch address {
            case .loopback: "localhost:\(port)"
            case .any: "*:\(port)"
            case .address(let host): Endpoint(host: host, port: port).description
            }
        }

        /// The bind address as it stands before the port.
        fileprivate var prefix: String {
            switch address {
            case .loopback: ""
            case .any: "*:"
            case .address(let host): host.contains(":") ? "[\(host)]:" : "\(host):"
            }
        }

        public var isBeyondLoopback: Bool {
            switch address {
            case .loopback: false
            case .any: true
            case .address(let host): host != "::1" && !Self.isIPv4Loopback(host)
            }
        }

        /// 127.0.0.0/8 (RFC 1122 section 3.2.1.3), and not a name that begins like it.
        private static func isIPv4Loopback(_ host: String) -> Bool {
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        }
    }

    /// Where a forward takes what it carries.
    public enum Listen: Hashable, Sendable, CustomStringConvertible {
        case port(ListenAddress)
        /// A Unix socket at this absolute path.
        case socket(String)
        /// Connections to these networks.
        case redirect(TransparentRule)
        /// Packets from this device.
        case device(NetworkLink)

        public var description: String {
            switch self {
            case .port(let address): address.description
            case .socket(let path): path
            case .redirect(let rule): rule.description
            case .device(let link): link.description
            }
        }

        /// `nil`: it is no port that is listened on.
        public var port: UInt16? {
            if case .port(let address) = self { address.port } else { nil }
        }
    }

    /// A TCP address.
    public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
        public let host: String
        public let port: UInt16

        public init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// What one connection or channel leads to.
    public enum Destination: Hashable, Sendable, CustomStringConvertible {
        case host(Endpoint)
        /// A Unix socket at this absolute path.
        case socket(String)

        public var description: String {
            switch self {
            case .host(let endpoint): endpoint.description
            case .socket(let path): path
            }
        }
    }

    /// Where a forward carries what it takes.
    public enum Target: Hashable, Sendable, CustomStringConvertible {
        /// All connections there.
        case destination(Destination)
        /// Each connection to what its client asks for.
        case asked
        /// Each connection to where it was going.
        case original
        /// Packets to the far end of a tunnel, at this address.
        case peer(String)

        public var description: String {
            switch self {
            case .destination(let destination): destination.description
            case .asked: "what clients ask for"
            case .original: "where they go"
            case .peer(let address): address
            }
        }
    }
}
