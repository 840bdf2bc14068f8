import NIOCore

/// What a `FaultyPath` does to all that travels on it.
public struct PathConditions: Hashable, Sendable {
    /// One way, in each direction.
    public var delay: Duration
    /// Per connection and direction; `nil` is as fast as the machine.
    public var bitsPerSecond: UInt64?
    /// Nothing reaches the server, not even an end. What was sent meanwhile arrives when this is lifted.
    public var holdsToServer: Bool
    /// Nothing comes back from the server.
    public var holdsFromServer: Bool

    public init(
        delay: Duration = .zero, bitsPerSecond: UInt64? = nil, holdsToServer: Bool = false,
        holdsFromServer: Bool = false
    ) {
        self.delay = delay
        self.bitsPerSecond = bitsPerSecond
        self.holdsToServer = holdsToServer
        self.holdsFromServer = holdsFromServer
    }

    public static let clear = PathConditions()
    public static let blackHole = PathConditions(holdsToServer: true, holdsFromServer: true)

    /// How long this many bytes occupy the line.
    func transmission(of bytes: Int) -> TimeAmount {
        guard let bitsPerSecond else { return .zero }
        return .nanoseconds(Int64(Double(bytes) * 8e9 / Double(max(1, bitsPerSecond))))
    }
}
