import BenchSystem
import Synchronization

public enum Direction: String, CaseIterable, Codable, Sendable {
    /// From the target to the client.
    case down
    case up
}

/// Streams in one direction over several relays at once, every byte hashed at both ends.
public struct Bulk: Sendable {
    public let direction: Direction
    public let relays: Int
    public let duration: Duration
    private let sendBuffer: Int?

    /// - Parameter longPath: the streams themselves go over a path with a delay, and no forwarder is between: what the
    ///   kernel holds of them must be as large as it likes. Otherwise it is kept small, so that a transfer ends soon
    ///   after its time, however slow the forwarder.
    public init(_ direction: Direction, relays: Int = 1, duration: Duration, longPath: Bool = false) {
        self.direction = direction
        self.relays = relays
        self.duration = duration
        sendBuffer = longPath ? nil : 512 * 1024
    }

    /// - Parameters:
    ///   - endpoint: of a forward to the target's `worker`.
    ///   - whenReady: called once all relays are open, before the first byte of a stream.
    public func run(
        through endpoint: Endpoint, to target: TargetServer, from place: Place = .here,
        whenReady: @escaping @Sendable () -> Void = {}
    ) throws -> BulkResult {
        let plans = (0..<relays).map { _ in target.desk.open(for: duration, sendBuffer: sendBuffer) }
        defer { for plan in plans { target.desk.forget(plan.number) } }
        let starts = StartingLine(runners: relays, whenReady: whenReady)
        let ends = try onThreads(relays, in: place) { number in
            let client = BulkClient(direction: direction, plan: plans[number], desk: target.desk)
            return try client.run(through: endpoint, from: starts)
        }
        return BulkResult(start: starts.moment, ends: ends)
    }
}

/// Everybody waits for the last one.
final class StartingLine: Sendable {
    private let missing: Atomic<Int>
    private let start = Mutex<Moment?>(nil)
    private let whenReady: @Sendable () -> Void

    init(runners: Int, whenReady: @escaping @Sendable () -> Void) {
        missing = Atomic(runners)
        self.whenReady = whenReady
    }

    var moment: Moment { start.withLock { $0 ?? .now } }

    func wait() throws {
        if missing.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            whenReady()
            start.withLock { $0 = .now }
        }
        try waitUntil("all relays are open", within: .seconds(30), every: .microseconds(200)) {
            start.withLock { $0 != nil }
        }
    }
}
