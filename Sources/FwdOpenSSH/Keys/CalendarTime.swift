import FoundationEssentials

/// Seconds since 1970 as `2026-01-01T00:00:00Z`, or as they are where the year is beyond 9999.
func calendarTime(_ seconds: UInt64) -> String {
    guard seconds < 253_402_300_800 else { return "second \(seconds) of the Unix epoch" }
    return Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
}
