/// What one forward may carry; `nil` is no limit.
public struct ForwardLimits: Hashable, Sendable {
    /// Who may connect (-L only: libssh2 does not tell who connected at the far side).
    public var allow: [AddressRange]?
    /// What clients may ask for (-D only).
    public var permit: [PermittedDestination]?
    /// Connections at a time; one more is reset.
    public var maxConnections: Int?
    /// Payload bytes a second, all connections of the forward together, each direction for itself.
    public var bytesPerSecond: Int?
    /// A connection that carries nothing for this long is closed.
    public var idleTimeout: Duration?

    public init(
        allow: [AddressRange]? = nil, permit: [PermittedDestination]? = nil, maxConnections: Int? = nil,
        bytesPerSecond: Int? = nil, idleTimeout: Duration? = nil
    ) {
        self.allow = allow
        self.permit = permit
        self.maxConnections = maxConnections
        self.bytesPerSecond = bytesPerSecond
        self.idleTimeout = idleTimeout
    }

    public static let none = ForwardLimits()
}
