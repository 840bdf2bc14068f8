/// Lets a mapping with duplicate keys be composed, so that the places of all of them are known.
///
/// Yams stops at the first mapping with duplicates and tells the place of one. Here that one gets a name of as many
/// private-use characters as it has, so that no place in the file moves, and composing starts again; the checker of
/// the tree then sees every key under its true name.
struct DuplicateKeys {
    /// Our choice: a file with more duplicates than this has other worries, and each costs one more parse.
    private static let limit: UInt32 = 32
    private static let firstPrivateUse: UInt32 = 0xE000

    private var source: SourceText
    private var count: UInt32 = 0

    init(_ source: SourceText) {
        self.source = source
    }

    /// The text to parse, without byte order mark.
    var body: String { source.body }

    /// Renames the key `name` that starts at `position`.
    /// - Returns: its new name, or `nil` if the key is not written plainly there.
    mutating func rename(_ name: String, at position: SourcePosition) -> String? {
        let bytes = source.bytes
        var start = source.offset(of: position)
        if start < bytes.count, bytes[start] == UInt8(ascii: "\"") || bytes[start] == UInt8(ascii: "'") { start += 1 }
        let end = start + name.utf8.count
        guard count < Self.limit, start < end, end <= bytes.count, bytes[start..<end].elementsEqual(name.utf8),
            let scalar = Unicode.Scalar(Self.firstPrivateUse + count)
        else { return nil }
        count += 1
        let placeholder = String(repeating: Character(scalar), count: name.unicodeScalars.count)
        source = SourceText(Array(bytes[..<start]) + Array(placeholder.utf8) + Array(bytes[end...]))
        return placeholder
    }
}
