/// Edits of mappings in flow style, `{a: x, b: y}`, on one line or with a line for each entry.
struct FlowEdit {
    let source: SourceText
    /// The mapping's opening brace.
    let open: Int
    let entries: [ConfigNode.Entry]
    private var extent: NodeExtent { NodeExtent(source: source) }

    init(source: SourceText, open: Int, entries: [ConfigNode.Entry]) {
        self.source = source
        self.open = open
        self.entries = entries
    }

    /// How new text is quoted here: like the last key.
    var style: YAMLText.Style {
        guard let last = entries.last else { return .flow }
        return source.bytes[last.key.offset] == UInt8(ascii: "\"") ? .json : .flow
    }

    /// A new entry after the last one.
    func append(_ text: String) -> [TextEdit]? {
        guard let last = entries.last else { return [.insert(text, at: open + 1)] }
        guard let end = extent.end(of: last, inFlow: true) else { return nil }
        let comma = extent.comma(after: end)
        let lineStart = source.lineStart(of: last.key.offset)
        if source.isBlank(lineStart..<last.key.offset), source.isRestOfLineIdle(from: comma.map { $0 + 1 } ?? end) {
            let indentation = Array(source.bytes[lineStart..<last.key.offset])
            let line = indentation + Array(text.utf8) + (comma == nil ? [] : [UInt8(ascii: ",")]) + source.lineBreak
            let separator: [TextEdit] = comma == nil ? [.insert(",", at: end)] : []
            return separator + [.insert(line, at: source.nextLineStart(after: comma ?? end))]
        }
        // Where a comma follows the last entry, one follows the new one as well.
        return [comma.map { .insert(" \(text),", at: $0 + 1) } ?? .insert(", \(text)", at: end)]
    }

    func remove(at index: Int) -> [TextEdit]? {
        let entry = entries[index]
        guard let end = extent.end(of: entry, inFlow: true) else { return nil }
        let comma = extent.comma(after: end)
        var separator: Int?
        if index > 0 {
            separator = extent.end(of: entries[index - 1], inFlow: true).flatMap { extent.comma(after: $0) }
            if separator == nil { return nil }
        }
        // The comma before goes with the last entry, unless that has one of its own.
        let before: [TextEdit] = comma == nil ? separator.map { [.delete($0..<$0 + 1)] } ?? [] : []
        let lineStart = source.lineStart(of: entry.key.offset)
        let ownEnd = comma.map { $0 + 1 } ?? end
        if source.isBlank(lineStart..<entry.key.offset), source.isRestOfLineIdle(from: ownEnd) {
            return before + [.delete(lineStart..<source.nextLineStart(after: ownEnd))]
        }
        if index == entries.count - 1 {
            let start = separator.map { comma == nil ? $0 : $0 + 1 } ?? entry.key.offset
            return isPlainGap(start, entry.key.offset)
                ? [.delete(start..<ownEnd)] : before + [.delete(entry.key.offset..<ownEnd)]
        }
        return [.delete(entry.key.offset..<skipBlanks(from: ownEnd))]
    }

    /// Whether between a comma and the next key there is neither a line break nor a comment.
    private func isPlainGap(_ start: Int, _ end: Int) -> Bool {
        source.bytes[start..<end].allSatisfy { SourceText.isBlankByte($0) || $0 == UInt8(ascii: ",") }
    }

    /// Over the blanks before the next entry, if it stands on this line.
    private func skipBlanks(from offset: Int) -> Int {
        if source.isRestOfLineIdle(from: offset) { return offset }
        let rest = source.bytes[offset...]
        return rest.firstIndex { !SourceText.isBlankByte($0) } ?? offset
    }
}
