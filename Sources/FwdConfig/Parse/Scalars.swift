import FwdCore

/// Text to values. `nil` means "not that"; the caller tells what was expected.
enum Scalars {
    static let expectedDuration = "a duration of at most 24h, as in 500ms, 10s, 2m or 1h"
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

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// `type SHA256:…`, as in the output of `ssh-keygen -lf` and of `fwd trust`.
enum PinText {
    struct Problem: Error {
        /// What stands after "expected" in the message.
        let expected: String
    }

    static let expected = "a pin \"type SHA256:…\", as in \"ssh-ed25519 SHA256:\" and 43 characters of base64"
    private static let types = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ]
    private static let prefix = "SHA256:"
    /// RFC 4648 section 4, in order of value.
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func parse(_ text: String) -> Result<HostKeyPin, Problem> {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let type = words.first, words.count == 2 else { return .failure(Problem(expected: expected)) }
        guard HostKeyPin.signatureAlgorithms[type] != nil else {
            // Within one edit: ssh-dss is no misspelt ssh-rsa.
            let hint = Suggestion.nearest(to: type, among: types, within: 1).map { "; did you mean \"\($0)\"?" } ?? ""
            return .failure(Problem(expected: "a key type of \(types.joined(separator: ", "))\(hint)"))
        }
        guard words[1].hasPrefix(prefix) else { return .failure(Problem(expected: expected)) }
        // Tools that print standard base64 add one "=", ssh-keygen does not.
        let digest = words[1].dropFirst(prefix.count)
        let base64 = digest.hasSuffix("=") && digest.utf8.count == 44 ? digest.dropLast() : digest
        if let problem = problem(with: Array(base64.utf8)) { return .failure(problem) }
        return .success(HostKeyPin(type: type, fingerprint: prefix + base64))
    }

    private static func problem(with base64: [UInt8]) -> Problem? {
        let values = base64.map { alphabet.firstIndex(of: $0) }
        if values.contains(nil) { return Problem(expected: "base64 after \"SHA256:\" (A-Z, a-z, 0-9, +, /)") }
        guard values.count == 43, let last = values.last ?? nil else {
            return Problem(expected: "43 characters after \"SHA256:\", not \(values.count)")
        }
        // 43 characters carry 258 bits, a SHA-256 has 256: no key can match if the last two are set.
        return last % 4 == 0
            ? nil : Problem(expected: "the SHA-256 of a key; no key has this one, a character is wrong")
    }
}
