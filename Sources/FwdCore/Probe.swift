/// Proof that a forward works, end to end: asked for through the gateway, answered by the target.
public struct Probe: Hashable, Sendable {
    public enum Method: Hashable, Sendable {
        /// The target takes a TCP connection.
        case connect
        /// The first bytes that the target sends by itself are these.
        case expect(String)
        /// The target answers `GET path` with this status (RFC 9110 section 15).
        case http(path: String, status: Int)
    }

    /// Our choice: a dead target is known within a minute, and its log is not full of us.
    public static let defaultInterval = Duration.seconds(60)
    /// Our choice: what opening a channel may take (`SSHSession`), the answer included.
    public static let defaultTimeout = Duration.seconds(10)
    public static let standard = Probe()

    /// What a forward has whose file says nothing: none where connections lead to no one place.
    public static func standard(for spec: ForwardSpec) -> Probe? {
        spec.leadsToOnePlace ? standard : nil
    }

    public var method: Method
    /// What is connected to from the gateway, where the forward itself has no target.
    public var target: ForwardSpec.Endpoint?
    /// From the start of one to the start of the next.
    public var every: Duration
    /// Without an answer for this long, it has failed.
    public var timeout: Duration

    public init(
        _ method: Method = .connect, to target: ForwardSpec.Endpoint? = nil, every: Duration = defaultInterval,
        timeout: Duration = defaultTimeout
    ) {
        self.method = method
        self.target = target
        self.every = every
        self.timeout = timeout
    }
}
