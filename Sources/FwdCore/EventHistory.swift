/// One thing that happened to a gateway or to one of its forwards.
public struct GatewayEvent: Hashable, Codable, Sendable {
    /// The first time.
    public var at: Timestamp
    /// The last time, if the same happened more than once in a row.
    public var until: Timestamp?
    /// How often in a row.
    public var count: Int
    /// The forward it happened to; absent where it is the gateway itself.
    public var forward: String?
    /// A `GatewayState`, or a `ForwardState`; equal to `to` where the state stayed as it was.
    public var from: String
    public var to: String
    /// Why.
    public var cause: Cause?

    public init(
        at: Timestamp, until: Timestamp? = nil, count: Int = 1, forward: String? = nil, from: String, to: String,
        cause: Cause? = nil
    ) {
        self.at = at
        self.until = until
        self.count = count
        self.forward = forward
        self.from = from
        self.to = to
        self.cause = cause
    }
}

/// The last events of one gateway. The same event again, with nothing between, counts as one that repeats: a gateway
/// that is away for a week must not push out how the week began.
public struct EventHistory: Hashable, Sendable {
    /// Our choice.
    public static let capacity = 100

    /// Oldest first.
    public private(set) var events: [GatewayEvent] = []

    public init() {}

    public mutating func append(_ event: GatewayEvent) {
        if let last = events.last, Self.isSame(last, event) {
            events[events.count - 1].count += 1
            events[events.count - 1].until = event.at
            return
        }
        if events.count == Self.capacity { events.removeFirst() }
        events.append(event)
    }

    private static func isSame(_ left: GatewayEvent, _ right: GatewayEvent) -> Bool {
        left.forward == right.forward && left.from == right.from && left.to == right.to && left.cause == right.cause
    }
}
