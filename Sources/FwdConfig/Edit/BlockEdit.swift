/// Edits of mappings in block style: one entry, one or more lines of its own.
struct BlockEdit {
    let source: SourceText
    private var extent: NodeExtent { NodeExtent(source: source) }

    init(source: SourceText) {
        self.source = source
    }

    /// A new entry after the last one, indented like it.
    func append(_ text: String, after last: ConfigNode.Entry) -> [TextEdit]? {
        guard let end = extent.end(of: last, inFlow: false) else { return nil }
        return [line(text, indentation: last.key.position.column - 1, after: end)]
    }

    /// A new line after the line of `offset`.
    func line(_ text: String, indentation: Int, after offset: Int) -> TextEdit {
        let content = Array(repeating: UInt8(ascii: " "), count: indentation) + Array(text.utf8)
        let start = source.nextLineStart(after: offset)
        // A file that ends without a line break goes on to do so.
        return source.lineEnd(of: offset) == source.bytes.count
            ? .insert(source.lineBreak + content, at: start) : .insert(content + source.lineBreak, at: start)
    }

    /// The lines of an entry.
    func remove(_ entry: ConfigNode.Entry) -> [TextEdit]? {
        let start = source.lineStart(of: entry.key.offset)
        guard source.isBlank(start..<entry.key.offset), let end = extent.end(of: entry, inFlow: false) else {
            return nil
        }
        return [removeLines(from: start, through: end)]
    }

    /// - Parameter start: where a line starts.
    func removeLines(from start: Int, through end: Int) -> TextEdit {
        if source.lineEnd(of: end) < source.bytes.count || start == source.bodyStart {
            return .delete(start..<source.nextLineStart(after: end))
        }
        // The last line had no line break; so shall the one before it.
        return .delete(source.lineEnd(of: start - 1)..<source.bytes.count)
    }
}
