/// A node of the file's YAML tree, with its place; scalars are text, whatever they look like.
struct ConfigNode: Sendable {
    struct Entry: Sendable {
        let key: ConfigNode
        let value: ConfigNode
    }

    indirect enum Content: Sendable {
        case scalar(String)
        case sequence([ConfigNode])
        case mapping([Entry])
    }

    let content: Content
    let position: SourcePosition
    /// Offset of the first byte in the file.
    let offset: Int

    /// What was read, for a message.
    var summary: String {
        switch content {
        case .scalar(""): "nothing"
        // Whoever pastes a key into the file must not find it in the log as well.
        case .scalar(let text) where text.contains("PRIVATE KEY"): "a private key"
        case .scalar(let text): Quoted.text(text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    var isEmptyScalar: Bool {
        if case .scalar("") = content { return true }
        return false
    }

    /// The entry of a mapping, by name.
    func entry(_ name: String) -> Entry? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first {
            if case .scalar(name) = $0.key.content { return true }
            return false
        }
    }
}

/// A problem that stops or accompanies the reading of the YAML itself.
struct SourceProblem: Error, Hashable, Sendable {
    let position: SourcePosition
    let message: String
}

/// Text of a file inside a message: in quotes, one line, no control characters, not endless.
enum Quoted {
    private static let limit = 60

    static func text(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > limit ? "\"\(result)…\"" : "\"\(result)\""
    }

    /// C0, DEL, C1, and the marks that make a terminal write from right to left.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
