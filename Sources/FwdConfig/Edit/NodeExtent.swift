/// Finds where nodes end in the text; Yams tells only where they start.
///
/// The answers are for well-formed text (it has been parsed) and for the styles that gateway files use; `nil` means
/// "not sure", and the edit is refused. What is wrong here cannot harm: every edit is parsed again.
struct NodeExtent {
    let source: SourceText
    private var bytes: [UInt8] { source.bytes }

    /// The offset after the last byte of an entry's value (of its colon, if there is no value).
    func end(of entry: ConfigNode.Entry, inFlow: Bool) -> Int? {
        guard entry.value.isEmptyScalar, !isQuote(entry.value.offset) else {
            return end(of: entry.value, inFlow: inFlow, parentColumn: entry.key.position.column)
        }
        return colonEnd(of: entry)
    }

    /// The offset after the last byte of an item of a list.
    /// - Parameter dashColumn: of the item's dash, in block style.
    func end(ofItem item: ConfigNode, inFlow: Bool, dashColumn: Int = 0) -> Int? {
        end(of: item, inFlow: inFlow, parentColumn: dashColumn)
    }

    /// The offset after the colon of an entry.
    func colonEnd(of entry: ConfigNode.Entry) -> Int? {
        guard let keyEnd = endOfKey(entry.key) else { return nil }
        let colon = skipTrivia(from: keyEnd)
        return byte(colon) == UInt8(ascii: ":") ? colon + 1 : nil
    }

    /// The offset of the dash before an item of a list in block style, on the item's own line.
    func dash(of item: ConfigNode) -> Int? {
        let lineStart = source.lineStart(of: item.offset)
        guard let dash = bytes[lineStart..<item.offset].lastIndex(where: { !SourceText.isBlankByte($0) }),
            bytes[dash] == UInt8(ascii: "-"), dash < item.offset - 1, source.isBlank(lineStart..<dash)
        else { return nil }
        return dash
    }

    /// Whether the list is written in brackets.
    func isFlowList(_ list: ConfigNode) -> Bool { byte(list.offset) == UInt8(ascii: "[") }

    /// Whether the mapping is written in braces.
    func isFlow(_ mapping: ConfigNode) -> Bool {
        guard byte(mapping.offset) == UInt8(ascii: "{") else { return false }
        // A block mapping starts where its first key does, and that may be in braces as well.
        guard case .mapping(let entries) = mapping.content, let first = entries.first else { return true }
        return first.key.offset != mapping.offset
    }

    /// The comma after an entry of a mapping in braces.
    func comma(after offset: Int) -> Int? {
        let next = skipTrivia(from: offset)
        return byte(next) == UInt8(ascii: ",") ? next : nil
    }

    private func end(of node: ConfigNode, inFlow: Bool, parentColumn: Int) -> Int? {
        switch node.content {
        case .scalar: return endOfScalar(node, inFlow: inFlow, parentColumn: parentColumn)
        case .mapping(let entries):
            if isFlow(node) {
                return closing(
                    UInt8(ascii: "}"), after: entries.last.map { end(of: $0, inFlow: true) } ?? node.offset + 1)
            }
            return entries.last.flatMap { end(of: $0, inFlow: false) }
        case .sequence(let items):
            guard isFlowList(node) else { return end(ofList: items) }
            let last = items.last.map { end(of: $0, inFlow: true, parentColumn: parentColumn) }
            return closing(UInt8(ascii: "]"), after: last ?? node.offset + 1)
        }
    }

    /// - Parameter items: of a list in block style, each after a dash of its own.
    private func end(ofList items: [ConfigNode]) -> Int? {
        guard let last = items.last, let dash = dash(of: last) else { return nil }
        return end(ofItem: last, inFlow: false, dashColumn: source.position(of: dash).column)
    }

    private func closing(_ bracket: UInt8, after offset: Int?) -> Int? {
        guard let offset else { return nil }
        let close = skipTrivia(from: comma(after: offset).map { $0 + 1 } ?? offset)
        return byte(close) == bracket ? close + 1 : nil
    }

    private func endOfKey(_ key: ConfigNode) -> Int? {
        guard case .scalar(let name) = key.content else { return nil }
        if isQuote(key.offset) { return endOfQuoted(from: key.offset) }
        return bytes[key.offset...].starts(with: name.utf8) ? key.offset + name.utf8.count : nil
    }

    private func endOfScalar(_ node: ConfigNode, inFlow: Bool, parentColumn: Int) -> Int? {
        switch byte(node.offset) {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return endOfQuoted(from: node.offset)
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            return inFlow ? nil : endOfIndented(from: node.offset, parentColumn: parentColumn, allowsComments: true)
        default:
            if inFlow { return endOfFlowPlain(from: node.offset) }
            return endOfIndented(from: node.offset, parentColumn: parentColumn, allowsComments: false)
        }
    }

    private func endOfQuoted(from start: Int) -> Int? {
        let quote = bytes[start]
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == quote {
                // '' inside single quotes is one quote.
                guard quote == UInt8(ascii: "'"), byte(index + 1) == quote else { return index + 1 }
                index += 1
            } else if bytes[index] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                index += 1
            }
            index += 1
        }
        return nil
    }

    /// A plain or block scalar goes on in the lines that are indented more than its key.
    private func endOfIndented(from start: Int, parentColumn: Int, allowsComments: Bool) -> Int {
        var end = endOfPlainLine(from: start)
        var line = source.nextLineStart(after: start)
        while line < bytes.count {
            let lineEnd = source.lineEnd(of: line)
            let text = bytes[line..<lineEnd].prefix { $0 == UInt8(ascii: " ") }.count + line
            if text < lineEnd {
                let isComment = bytes[text] == UInt8(ascii: "#") && !allowsComments
                if text - line < parentColumn || isComment { break }
                end = endOfPlainLine(from: text)
            }
            let next = source.nextLineStart(after: line)
            if next == line { break }
            line = next
        }
        return end
    }

    /// The end of the text that starts at `start`, without a comment and blanks after it.
    private func endOfPlainLine(from start: Int) -> Int {
        let lineEnd = source.lineEnd(of: start)
        var end = start
        for index in start..<lineEnd where !SourceText.isBlankByte(bytes[index]) {
            if bytes[index] == UInt8(ascii: "#"), index > start, SourceText.isBlankByte(bytes[index - 1]) { break }
            end = index + 1
        }
        return end
    }

    private func endOfFlowPlain(from start: Int) -> Int {
        var end = start
        var index = start
        while let current = byte(index), !",[]{}".utf8.contains(current) {
            let isSpace = Self.isSpace(current)
            if current == UInt8(ascii: "#"), index > start, Self.isSpace(bytes[index - 1]) { break }
            index += 1
            if !isSpace { end = index }
        }
        return end
    }

    /// Over blanks, line breaks and comments.
    private func skipTrivia(from start: Int) -> Int {
        var index = start
        while let current = byte(index) {
            if Self.isSpace(current) {
                index += 1
            } else if current == UInt8(ascii: "#") {
                index = source.lineEnd(of: index)
            } else {
                break
            }
        }
        return index
    }

    private func isQuote(_ offset: Int) -> Bool {
        byte(offset) == UInt8(ascii: "\"") || byte(offset) == UInt8(ascii: "'")
    }

    private func byte(_ offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        SourceText.isBlankByte(byte) || byte == 0x0A || byte == 0x0D
    }
}
