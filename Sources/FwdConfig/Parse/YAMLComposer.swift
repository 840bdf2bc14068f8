import Yams

/// Text to `ConfigNode`s by Yams, with the places of everything that is wrong.
///
/// Anchors, aliases and tags are refused: one small file needs none, and an alias is one node in two places, which
/// neither a message nor an edit could name.
struct YAMLComposer {
    private let source: SourceText
    private var cursor = SourceText.Cursor()
    private var problems: [SourceProblem] = []
    /// Keys that were renamed because they stand more than once (see `DuplicateKeys`), to their true names.
    private var renamed: [String: String] = [:]

    private init(source: SourceText) {
        self.source = source
    }

    /// - Returns: the tree (`nil` if there is none, or none could be made) and the problems.
    static func compose(_ source: SourceText) -> (root: ConfigNode?, problems: [SourceProblem]) {
        var composer = YAMLComposer(source: source)
        do throws(SourceProblem) {
            try TextCheck.check(source)
            guard let root = try composer.parse() else { return (nil, []) }
            return (composer.convert(root), composer.problems)
        } catch {
            return (nil, [error])
        }
    }

    private mutating func parse() throws(SourceProblem) -> Node? {
        var duplicates = DuplicateKeys(source)
        while true {
            do {
                // No resolver rules: `yes` and `8080:22` stay what was written.
                return try Parser(yaml: duplicates.body, resolver: .basic, encoding: .utf8).singleRoot()
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let position = SourcePosition(context.mark)
                guard let name = names.first, let placeholder = duplicates.rename(name, at: position) else {
                    throw SourceProblem(position: source.clamped(position), message: "a key stands more than once")
                }
                renamed[placeholder] = name
            } catch {
                throw problem(for: error)
            }
        }
    }

    private func problem(for error: any Error) -> SourceProblem {
        switch error {
        case YamlError.scanner(let context, let text, let mark, _),
            YamlError.parser(let context, let text, let mark, _),
            YamlError.composer(let context, let text, let mark, _):
            let position = SourcePosition(mark)
            let offset = source.offset(of: position)
            if offset < source.bytes.count, source.bytes[offset] == UInt8(ascii: "\t") {
                return SourceProblem(position: source.clamped(position), message: "not YAML: a tab, expected spaces")
            }
            let place = context.map { " (\($0.text) in line \($0.mark.line))" } ?? ""
            return SourceProblem(position: source.clamped(position), message: "not YAML: \(text)\(place)")
        default:
            return SourceProblem(position: .start, message: "not YAML: \(error)")
        }
    }

    private mutating func convert(_ node: Node) -> ConfigNode {
        source.move(&cursor, to: node.mark.map { SourcePosition($0) } ?? .start)
        let (position, offset) = (cursor.position, cursor.offset)
        let content: ConfigNode.Content =
            switch node {
            case _ where refuses(at: position, offset): .scalar("")
            case .scalar(let scalar): .scalar(renamed[scalar.string] ?? scalar.string)
            case .sequence(let sequence): .sequence(sequence.map { convert($0) })
            case .mapping(let mapping): .mapping(mapping.map { .init(key: convert($0.key), value: convert($0.value)) })
            case .alias: .scalar("")
            }
        return ConfigNode(content: content, position: position, offset: offset)
    }

    /// What stands before a node starts it, so its first byte tells; nothing else can begin with these.
    private mutating func refuses(at position: SourcePosition, _ offset: Int) -> Bool {
        guard offset < source.bytes.count else { return false }
        let what: String
        switch source.bytes[offset] {
        case UInt8(ascii: "&"): what = "anchors and aliases (&, *) are not supported"
        case UInt8(ascii: "!"): what = "tags (!) are not supported"
        default: return false
        }
        // An alias is the node that it stands for, place included: told once.
        let problem = SourceProblem(position: position, message: what)
        if problems.last != problem { problems.append(problem) }
        return true
    }
}

extension SourcePosition {
    fileprivate init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}
