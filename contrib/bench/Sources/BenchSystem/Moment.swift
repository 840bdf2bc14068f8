import Foundation

/// A time of the monotonic clock, the same for all processes and network namespaces of the machine.
public struct Moment: Comparable, Sendable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    public static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (moment: Moment, duration: Duration) -> Moment {
        Moment(nanoseconds: moment.nanoseconds + duration.nanoseconds)
    }

    /// Seconds since an earlier moment.
    public func seconds(since earlier: Moment) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1e9
    }
}

extension Duration {
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    public var inSeconds: Double { Double(nanoseconds) / 1e9 }
}

/// Asks `condition` every few milliseconds until it holds.
/// - Throws: when it does not within `limit`. What `condition` throws ends the wait at once.
public func waitUntil(
    _ what: @autoclosure () -> String, within limit: Duration, every step: Duration = .milliseconds(2),
    _ condition: () throws -> Bool
) throws {
    let deadline = Moment.now + limit
    while try !condition() {
        guard Moment.now < deadline else { throw BenchError("waited \(limit) in vain until \(what())") }
        pause(step)
    }
}

public func pause(_ duration: Duration) {
    usleep(useconds_t(clamping: duration.nanoseconds / 1000))
}
