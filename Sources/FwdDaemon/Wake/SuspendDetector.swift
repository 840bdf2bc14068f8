/// Notices that the machine has slept: CLOCK_BOOTTIME goes on meanwhile and CLOCK_MONOTONIC does not. Pure.
struct SuspendDetector: Sendable {
    /// Our choice: less is no sleep that a connection would notice.
    static let shortest = Duration.seconds(1)

    /// Both clocks at one time.
    struct Look: Hashable, Sendable {
        var boottime: Duration
        var monotonic: Duration

        /// All that the machine has slept since it was started.
        var slept: Duration { boottime - monotonic }
    }

    private var last: Look?

    /// - Returns: how long the machine has slept since the last look, if it did.
    mutating func look(_ look: Look) -> Duration? {
        defer { last = look }
        guard let last else { return nil }
        let slept = look.slept - last.slept
        return slept > Self.shortest ? slept : nil
    }
}
