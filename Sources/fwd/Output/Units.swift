import FwdCore

/// Numbers as people read them.
enum Units {
    /// `999 B`, `1.5 KiB`, `12 GiB`.
    static func bytes(_ count: UInt64) -> String {
        if count < 1024 { return "\(count) B" }
        var value = Double(count)
        var unit = ""
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            value /= 1024
            unit = next
            if value < 1023.95 { break }
        }
        return "\(decimal(value)) \(unit)"
    }

    /// `999`, `1.5K`, `12G`, in powers of 1024: where there is little room.
    static func shortBytes(_ count: UInt64) -> String {
        let parts = bytes(count).split(separator: " ")
        let unit = parts[1].first.map(String.init) ?? ""
        return parts[0] + (unit == "B" ? "" : unit)
    }

    /// The largest unit alone: `12 s`, `3 h`, `4 d`.
    static func shortAgo(_ time: Timestamp, at now: Timestamp) -> String {
        ago(time, at: now).split(separator: " ").prefix(2).joined(separator: " ")
    }

    /// The two largest units that matter: `12 s`, `5 min`, `3 h 10 min`, `4 d 2 h`.
    static func duration(seconds: Double) -> String {
        let total = whole(max(seconds, 0))
        switch total {
        case ..<60: return "\(total) s"
        case ..<3600: return "\(total / 60) min"
        case ..<86_400: return pair(total / 3600, "h", total % 3600 / 60, "min")
        default: return pair(total / 86_400, "d", total % 86_400 / 3600, "h")
        }
    }

    static func ago(_ time: Timestamp, at now: Timestamp) -> String {
        duration(seconds: now.secondsSince1970 - time.secondsSince1970)
    }

    /// `850 µs`, `12 ms`, `1.5 s`.
    static func latency(seconds: Double) -> String {
        if seconds < 0.001 { return "\(whole((seconds * 1_000_000).rounded())) µs" }
        if seconds < 1 { return "\(decimal(seconds * 1000)) ms" }
        return "\(decimal(seconds)) s"
    }

    private static func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
    }

    /// What answers at the socket may say any number.
    private static func whole(_ value: Double) -> Int {
        value.isNaN ? 0 : Int(min(max(value, -1e15), 1e15))
    }

    /// One digit after the point below ten, none above.
    private static func decimal(_ value: Double) -> String {
        if value >= 9.95 { return "\(whole(value.rounded()))" }
        let tenths = whole((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
