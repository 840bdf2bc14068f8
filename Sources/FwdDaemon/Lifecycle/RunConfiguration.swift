/// What `fwd run` is told.
public struct RunConfiguration: Sendable {
    /// The absolute path of `forwards.d`.
    public var directory: String
    /// The absolute path of the control socket.
    public var controlPath: String
    /// `nil`: no health endpoint.
    public var health: HealthAddress?
    /// How long connections may take to end at shutdown.
    public var drain: Duration
    /// Whether a changed file leads to a reload.
    public var watchesDirectory: Bool
    /// Whether HUP, TERM and INT are for this daemon.
    public var handlesSignals: Bool

    public init(
        directory: String, controlPath: String, health: HealthAddress? = .standard, drain: Duration = .seconds(10),
        watchesDirectory: Bool = false, handlesSignals: Bool = true
    ) {
        self.directory = directory
        self.controlPath = controlPath
        self.health = health
        self.drain = drain
        self.watchesDirectory = watchesDirectory
        self.handlesSignals = handlesSignals
    }
}
