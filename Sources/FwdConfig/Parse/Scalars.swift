import FwdCore

/// Text to values. `nil` means "not that"; the caller tells what was expected.
enum Scalars {
    static let expectedPath = "a path that starts with / or ~/"
    static let expectedSource = "a path that starts with / or ~/, or credential:NAME"
    static let expectedDuration = "a duration of at most 24h, as in 500ms, 10s, 2m or 1h"
    static let expectedPeriod = "a duration from 1s to 24h, as in 10s, 2m or 1h"
    /// Our choice: nobody's connection waits longer than a day.
    private static let longestDuration = Duration.seconds(24 * 3600)

    static func port(_ text: String) -> UInt16? {
        guard isDigits(text), let port = UInt16(text), port > 0 else { return nil }
        return port
    }

    static func bool(_ text: String) -> Bool? {
        switch text {
        case "true": true
        case "false": false
        default: nil
        }
    }

    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = UInt32(digits) else { return nil }
        let duration: Duration
        switch text.dropFirst(digits.count) {
        case "ms": duration = .milliseconds(count)
        case "s": duration = .seconds(count)
        case "m": duration = .seconds(UInt64(count) * 60)
        case "h": duration = .seconds(UInt64(count) * 3600)
        default: return nil
        }
        return duration <= longestDuration ? duration : nil
    }

    /// What is waited for or done again and again.
    static func period(_ text: String) -> Duration? {
        duration(text).flatMap { $0 >= .seconds(1) ? $0 : nil }
    }

    /// As `duration` reads it.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return attoseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
    }

    static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard isDigits(text), let number = Int(text), range.contains(number) else { return nil }
        return number
    }

    static func user(_ text: String) -> String? {
        text.hasPrefix("-") || text.contains(where: { $0.isWhitespace || $0 == "@" }) ? nil : text
    }

    /// `nil` if `text` can be a host, else how the message "expected a host name or address" goes on.
    static func hostProblem(_ text: String) -> String? {
        if let at = text.firstIndex(of: "@") {
            return "; the user goes into \"user: \(text[..<at])\""
        }
        if text.contains("/") { return ", no URL" }
        if text.hasPrefix("[") { return ", without brackets" }
        // One colon is a port; two or more are an IPv6 address.
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2 { return isDigits(parts[1]) ? "; the port goes into \"port: \(parts[1])\"" : "" }
        return text.hasPrefix("-") || text.contains(where: { $0.isWhitespace || $0 == "*" }) ? "" : nil
    }

    /// An absolute path; `~/` is the home directory. A daemon has no current directory worth the name.
    static func path(_ text: String, home: String) -> String? {
        if text.hasPrefix("/") { return text }
        return text.hasPrefix("~/") ? home + text.dropFirst() : nil
    }

    /// Where a secret is: a path as above, or `credential:NAME`.
    static func source(_ text: String, home: String) -> SecretSource? {
        let prefix = "credential:"
        guard text.hasPrefix(prefix) else { return path(text, home: home).map { .file($0) } }
        let name = String(text.dropFirst(prefix.count))
        // The name becomes a file's name in $CREDENTIALS_DIRECTORY and must not lead out of it.
        let isName = !name.isEmpty && name != "." && name != ".." && !name.contains("/")
        return isName ? .credential(name) : nil
    }

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
