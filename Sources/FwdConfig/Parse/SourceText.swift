/// A place in a file: line and column from 1, columns in Unicode scalars, as libyaml counts them.
struct SourcePosition: Hashable, Comparable, Sendable {
    var line: Int
    var column: Int

    static let start = SourcePosition(line: 1, column: 1)

    static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// The bytes of one file, valid UTF-8, and the way between positions and byte offsets.
struct SourceText: Sendable {
    let bytes: [UInt8]
    /// Where the text starts: after the byte order mark, if there is one.
    let bodyStart: Int
    /// Offset of each line's first byte.
    private let lineStarts: [Int]
    /// Offset of each line's end, before its line break.
    private let lineEnds: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        bodyStart = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var starts = [bodyStart]
        var ends: [Int] = []
        var index = bodyStart
        while index < bytes.count {
            let length = Self.lineBreakLength(bytes, at: index)
            if length > 0 {
                ends.append(index)
                starts.append(index + length)
            }
            index += max(length, 1)
        }
        lineStarts = starts
        lineEnds = ends + [bytes.count]
    }

    init(_ text: String) {
        self.init(Array(text.utf8))
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var body: String { String(decoding: bytes[bodyStart...], as: UTF8.self) }

    /// The line break that the file uses, judged by its first one.
    var lineBreak: [UInt8] {
        guard let index = bytes.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }), bytes[index] == 0x0D else {
            return [0x0A]
        }
        return index + 1 < bytes.count && bytes[index + 1] == 0x0A ? [0x0D, 0x0A] : [0x0D]
    }

    /// The byte at `position`; positions beyond a line or the file are drawn back into it.
    func offset(of position: SourcePosition) -> Int {
        var cursor = Cursor()
        return move(&cursor, to: position)
    }

    /// A place on its way through the file. Columns have to be counted from the start of the line, and a file may be
    /// one line: whoever asks for many places in order keeps a cursor.
    struct Cursor {
        fileprivate(set) var position = SourcePosition(line: 0, column: 0)
        fileprivate(set) var offset = 0
    }

    /// Moves the cursor to `position`, or as far as the line and the file go.
    @discardableResult
    func move(_ cursor: inout Cursor, to position: SourcePosition) -> Int {
        let line = min(max(position.line, 1), lineStarts.count)
        let end = lineEnds[line - 1]
        if line != cursor.position.line || position.column < cursor.position.column {
            cursor = Cursor(position: SourcePosition(line: line, column: 1), offset: lineStarts[line - 1])
        }
        while cursor.position.column < position.column, cursor.offset < end {
            cursor.offset += 1
            while cursor.offset < end, bytes[cursor.offset] & 0xC0 == 0x80 { cursor.offset += 1 }
            cursor.position.column += 1
        }
        return cursor.offset
    }

    func position(of offset: Int) -> SourcePosition {
        let line = lineNumber(of: offset)
        let end = min(max(offset, lineStarts[line - 1]), bytes.count)
        let scalars = bytes[lineStarts[line - 1]..<end].count { $0 & 0xC0 != 0x80 }
        return SourcePosition(line: line, column: scalars + 1)
    }

    /// `position`, drawn back into the file if it lies outside.
    func clamped(_ position: SourcePosition) -> SourcePosition {
        self.position(of: offset(of: position))
    }

    func lineStart(of offset: Int) -> Int { lineStarts[lineNumber(of: offset) - 1] }
    /// Where the line of `offset` ends, before its line break.
    func lineEnd(of offset: Int) -> Int { lineEnds[lineNumber(of: offset) - 1] }

    /// The first byte of the line after `offset`'s, or the end of the file.
    func nextLineStart(after offset: Int) -> Int {
        let line = lineNumber(of: offset)
        return line < lineStarts.count ? lineStarts[line] : bytes.count
    }

    private func lineNumber(of offset: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// Bytes of the line break at `index`, 0 if there is none (YAML 1.1 section 5.4: CR LF, CR, LF, NEL, LS, PS).
    private static func lineBreakLength(_ bytes: [UInt8], at index: Int) -> Int {
        switch bytes[index] {
        case 0x0A: 1
        case 0x0D: index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
        case 0xC2: index + 1 < bytes.count && bytes[index + 1] == 0x85 ? 2 : 0
        case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x80:
            bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9 ? 3 : 0
        default: 0
        }
    }
}
