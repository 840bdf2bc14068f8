/// How names and values are written, so that YAML reads them back as they are.
enum YAMLText {
    /// What surrounds the value: flow style (`{a: b}`) leaves fewer characters free.
    enum Style {
        case block
        case flow
        /// Flow style whose other keys are in double quotes, as in JSON.
        case json
    }

    static func entry(_ name: String, _ value: String, _ style: Style) -> String {
        "\(key(name, style)): \(scalar(value, style))"
    }

    static func key(_ name: String, _ style: Style) -> String {
        scalar(name, style)
    }

    /// `text` as it is where YAML allows that, else in quotes. It must be one line without control characters.
    static func scalar(_ text: String, _ style: Style) -> String {
        if style == .json, !text.contains("\""), !text.contains("\\") { return "\"\(text)\"" }
        return isPlain(text, style) ? text : "'\(text.replacing("'", with: "''"))'"
    }

    private static func isPlain(_ text: String, _ style: Style) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        let inner: (UInt8) -> Bool = { byte in
            isPlainByte(byte) || (style == .block && (byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")))
        }
        // "- " starts a list, ": " a mapping, " #" (which is not a plain byte) a comment.
        return
            (isWordByte(first) || first == UInt8(ascii: "/") || (first == UInt8(ascii: "-") && !text.hasPrefix("- ")))
            && text.utf8.allSatisfy(inner) && !text.contains(": ") && last != UInt8(ascii: ":")
            && last != UInt8(ascii: " ") && text != "-" && text != "---"
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || " ._:/*@%+=~-".utf8.contains(byte)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
