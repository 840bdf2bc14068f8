/// Splits a line of ssh_config(5) into its words: `Keyword word "quoted words"`, `Keyword=word`, `# comment`.
struct ConfigWords {
    /// In lower case; empty on a blank line.
    let keyword: String
    let arguments: [String]

    init(_ line: some StringProtocol) {
        var rest = Substring(line).drop(while: \.isBlank)
        let name = rest.prefix { !$0.isBlank && $0 != "=" }
        rest = rest.dropFirst(name.count).drop(while: \.isBlank)
        if rest.first == "=" { rest = rest.dropFirst() }
        keyword = name.hasPrefix("#") ? "" : name.lowercased()
        arguments = keyword.isEmpty ? [] : Self.words(rest)
    }

    private static func words(_ text: Substring) -> [String] {
        var (words, rest) = ([String](), text.drop(while: \.isBlank))
        while let first = rest.first, first != "#" {
            words.append(popWord(&rest))
            rest = rest.drop(while: \.isBlank)
        }
        return words
    }

    /// Quotes may stand anywhere in a word; a backslash only protects quotes, blanks and itself.
    private static func popWord(_ rest: inout Substring) -> String {
        var (word, quote) = ("", Character?.none)
        while let next = rest.first, quote != nil || !next.isBlank {
            rest = rest.dropFirst()
            if next == "\\", let protected = rest.first, "\"'\\ ".contains(protected) {
                word.append(protected)
                rest = rest.dropFirst()
            } else if next == quote {
                quote = nil
            } else if quote == nil, next == "\"" || next == "'" {
                quote = next
            } else {
                word.append(next)
            }
        }
        return word
    }
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\r" }
}
