/// Patterns with commas between them (ssh_config(5), PATTERNS): `*`, `?`, and `!` in front for a negation.
struct PatternList: Sendable {
    private struct Pattern: Sendable {
        let isNegated: Bool
        let bytes: [UInt8]
    }

    /// OpenSSH's: a list with a longer pattern matches nothing once it is reached.
    private static let longestPattern = 1022

    private let patterns: [Pattern]

    init(_ field: ArraySlice<UInt8>) {
        patterns = field.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { pattern in
            let isNegated = pattern.first == UInt8(ascii: "!")
            return Pattern(isNegated: isNegated, bytes: (isNegated ? pattern.dropFirst() : pattern).map(\.lowerCase))
        }
    }

    /// Whether a pattern matches and no negated one does.
    /// - Parameter name: in lower case.
    func matches(_ name: [UInt8]) -> Bool {
        var isMatched = false
        for pattern in patterns {
            guard pattern.bytes.count <= Self.longestPattern else { return false }
            guard globMatches(pattern.bytes, name) else { continue }
            if pattern.isNegated { return false }
            isMatched = true
        }
        return isMatched
    }
}

/// Whether the name is what the pattern says: `*` is any bytes, `?` is one. Takes at most the product of both lengths.
func globMatches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    var (position, index) = (0, 0)
    /// Where to go on when what follows the last star does not fit: the star then takes one byte more.
    var retry: (position: Int, index: Int)?
    while index < name.count {
        if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
            position += 1
            retry = (position, index)
        } else if position < pattern.count, pattern[position] == UInt8(ascii: "?") || pattern[position] == name[index] {
            (position, index) = (position + 1, index + 1)
        } else if let star = retry {
            retry = (star.position, star.index + 1)
            (position, index) = (star.position, star.index + 1)
        } else {
            return false
        }
    }
    return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
}

extension UInt8 {
    /// ASCII only, as OpenSSH does it.
    var lowerCase: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
