/// Replaces some bytes of a file.
struct TextEdit: Hashable, Sendable {
    let range: Range<Int>
    let replacement: [UInt8]

    static func insert(_ bytes: [UInt8], at offset: Int) -> TextEdit {
        TextEdit(range: offset..<offset, replacement: bytes)
    }

    static func insert(_ text: String, at offset: Int) -> TextEdit {
        insert(Array(text.utf8), at: offset)
    }

    static func delete(_ range: Range<Int>) -> TextEdit {
        TextEdit(range: range, replacement: [])
    }
}

extension SourceText {
    /// - Parameter edits: in the order of the file, not overlapping.
    func applying(_ edits: [TextEdit]) -> [UInt8] {
        var result = bytes
        for edit in edits.reversed() { result.replaceSubrange(edit.range, with: edit.replacement) }
        return result
    }

    func isBlank(_ range: Range<Int>) -> Bool {
        bytes[range].allSatisfy(Self.isBlankByte)
    }

    /// Whether from `offset` to the end of the line there is nothing, or a comment.
    func isRestOfLineIdle(from offset: Int) -> Bool {
        let rest = bytes[offset..<lineEnd(of: offset)].drop(while: Self.isBlankByte)
        return rest.isEmpty || rest.first == UInt8(ascii: "#")
    }

    static func isBlankByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
