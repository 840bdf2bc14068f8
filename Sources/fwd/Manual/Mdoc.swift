/// A manual page in mdoc(7).
struct Mdoc {
    private(set) var text: String

    /// - Parameters:
    ///   - date: of the page, as mdoc wants it: `November 28, 2026`.
    init(title: String, section: Int, date: String) {
        text = ".Dd \(date)\n.Dt \(title) \(section)\n.Os\n"
    }

    mutating func section(_ title: String) {
        text += ".Sh \(title)\n"
    }

    mutating func subsection(_ title: String) {
        text += ".Ss \(Self.escaped(title))\n"
    }

    mutating func paragraph(_ sentence: String) {
        lines(sentence)
    }

    mutating func gap() {
        text += ".Pp\n"
    }

    /// A macro with its arguments: `.Nm fwd`. The arguments are escaped, and stay words of their own.
    mutating func macro(_ name: String, _ arguments: String...) {
        text += ".\(name)" + arguments.map { " \(Self.quoted($0))" }.joined() + "\n"
    }

    /// Terms with what they mean.
    mutating func list(_ items: [(term: String, meaning: [String])]) {
        guard !items.isEmpty else { return }
        text += ".Bl -tag -width Ds\n"
        for item in items {
            text += ".It \(Self.quoted(item.term))\n"
            for (index, sentence) in item.meaning.enumerated() {
                if index > 0 { text += ".br\n" }
                lines(sentence)
            }
        }
        text += ".El\n"
    }

    mutating func example(_ code: String) {
        text += ".Bd -literal -offset indent\n"
        for line in code.split(separator: "\n", omittingEmptySubsequences: false) {
            text += Self.guarded(Self.escaped(String(line))) + "\n"
        }
        text += ".Ed\n"
    }

    /// One sentence a line, as mdoc(7) asks for.
    private mutating func lines(_ sentences: String) {
        for line in sentences.replacing(". ", with: ".\n").split(separator: "\n") {
            text += Self.guarded(Self.escaped(String(line))) + "\n"
        }
    }

    /// A line that begins like a macro.
    private static func guarded(_ line: String) -> String {
        line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }

    private static func quoted(_ word: String) -> String {
        let escaped = escaped(word)
        if word.contains(" ") || word.contains("\"") || word.isEmpty { return "\"\(escaped)\"" }
        // What could be the name of a macro.
        return word.count <= 3 && word.first?.isUppercase == true ? "\\&\(escaped)" : escaped
    }

    /// groff_char(7): a backslash starts an escape, and hyphens must stay hyphens to be copied.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\e"
            case "\"": result += "\\(dq"
            case "-": result += "\\-"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            case "…": result += "..."
            case "×": result += "\\(mu"
            default: result.append(character)
            }
        }
    }
}
