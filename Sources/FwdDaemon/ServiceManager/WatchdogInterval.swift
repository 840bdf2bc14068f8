/// Within what time the service manager wants a sign of life: sd_watchdog_enabled(3), read from the environment. Pure;
/// the environment comes in.
struct WatchdogInterval: Equatable, Sendable {
    /// Children must not see it: it is not theirs.
    static let variables = ["WATCHDOG_USEC", "WATCHDOG_PID"]

    let duration: Duration

    /// `nil` if nobody waits for this process.
    /// - Parameter pid: its number. Variables for another process, from which this one has them, say nothing here.
    init?(environment: [String: String], pid: CInt) {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        if let meant = environment["WATCHDOG_PID"], CInt(meant) != pid { return nil }
        duration = .microseconds(microseconds)
    }

    /// How often it is told: at half of its time, as sd_watchdog_enabled(3) advises.
    var period: Duration { duration / 2 }
}
