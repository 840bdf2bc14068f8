/// Edits of mappings and lists in flow style, `{a: x, b: y}` or `[x, y]`, on one line or with a line for each part.
struct FlowEdit {
    let source: SourceText
    /// The opening brace or bracket.
    let open: Int
    /// Where each part starts, and where it ends if that is certain.
    private let parts: [(start: Int, end: Int?)]
    private var extent: NodeExtent { NodeExtent(source: source) }

    init(source: SourceText, open: Int, entries: [ConfigNode.Entry]) {
        let extent = NodeExtent(source: source)
        self.init(source, open, entries.map { ($0.key.offset, extent.end(of: $0, inFlow: true)) })
    }

    init(source: SourceText, open: Int, items: [ConfigNode]) {
        let extent = NodeExtent(source: source)
        self.init(source, open, items.map { ($0.offset, extent.end(ofItem: $0, inFlow: true)) })
    }

    private init(_ source: SourceText, _ open: Int, _ parts: [(start: Int, end: Int?)]) {
        self.source = source
        self.open = open
        self.parts = parts
    }

    /// How new text is quoted here: like the last part.
    var style: YAMLText.Style {
        guard let last = parts.last else { return .flow }
        return source.bytes[last.start] == UInt8(ascii: "\"") ? .json : .flow
    }

    /// A new part after the last one, or after the one at `index`.
    func append(_ text: String, after index: Int? = nil) -> [TextEdit]? {
        guard let last = index.map({ parts[$0] }) ?? parts.last else { return [.insert(text, at: open + 1)] }
        guard let end = last.end else { return nil }
        let comma = extent.comma(after: end)
        let lineStart = source.lineStart(of: last.start)
        if source.isBlank(lineStart..<last.start), source.isRestOfLineIdle(from: comma.map { $0 + 1 } ?? end) {
            let indentation = Array(source.bytes[lineStart..<last.start])
            let line = indentation + Array(text.utf8) + (comma == nil ? [] : [UInt8(ascii: ",")]) + source.lineBreak
            let separator: [TextEdit] = comma == nil ? [.insert(",", at: end)] : []
            return separator + [.insert(line, at: source.nextLineStart(after: comma ?? end))]
        }
        // Where a comma follows the part before, one follows the new one as well.
        return [comma.map { .insert(" \(text),", at: $0 + 1) } ?? .insert(", \(text)", at: end)]
    }

    func remove(at index: Int) -> [TextEdit]? {
        let start = parts[index].start
        guard let end = parts[index].end else { return nil }
        let comma = extent.comma(after: end)
        var separator: Int?
        if index > 0 {
            separator = parts[index - 1].end.flatMap { extent.comma(after: $0) }
            if separator == nil { return nil }
        }
        // The comma before goes with the last part, unless that has one of its own.
        let before: [TextEdit] = comma == nil ? separator.map { [.delete($0..<$0 + 1)] } ?? [] : []
        let lineStart = source.lineStart(of: start)
        let ownEnd = comma.map { $0 + 1 } ?? end
        if source.isBlank(lineStart..<start), source.isRestOfLineIdle(from: ownEnd) {
            return before + [.delete(lineStart..<source.nextLineStart(after: ownEnd))]
        }
        if index == parts.count - 1 {
            let gap = separator.map { comma == nil ? $0 : $0 + 1 } ?? start
            return isPlainGap(gap, start) ? [.delete(gap..<ownEnd)] : before + [.delete(start..<ownEnd)]
        }
        return [.delete(start..<skipBlanks(from: ownEnd))]
    }

    /// Whether between a comma and the next part there is neither a line break nor a comment.
    private func isPlainGap(_ start: Int, _ end: Int) -> Bool {
        source.bytes[start..<end].allSatisfy { SourceText.isBlankByte($0) || $0 == UInt8(ascii: ",") }
    }

    /// Over the blanks before the next part, if it stands on this line.
    private func skipBlanks(from offset: Int) -> Int {
        if source.isRestOfLineIdle(from: offset) { return offset }
        let rest = source.bytes[offset...]
        return rest.firstIndex { !SourceText.isBlankByte($0) } ?? offset
    }
}
