/// One key of a mapping with its value.
struct ConfigField {
    /// The key with those above it, `gateway.host`; empty for the whole file.
    let path: String
    let key: ConfigNode
    let value: ConfigNode

    /// Where a message about the value points: an empty value has no place of its own.
    var position: SourcePosition { value.isEmptyScalar ? key.position : value.position }
}

extension GatewayChecker {
    /// The fields of a mapping with a fixed set of keys; unknown ones are reported.
    mutating func section(_ section: ConfigField, keys: [String]) -> [String: ConfigField]? {
        guard let fields = fields(of: section, expected: "a mapping with \(Self.list(keys))") else { return nil }
        var known: [String: ConfigField] = [:]
        for (name, field) in fields {
            if keys.contains(name) { known[name] = field } else { refuseUnknown(name, field, keys: keys) }
        }
        return known
    }

    /// The fields of a mapping in the order of the file; duplicate keys are reported.
    mutating func fields(of section: ConfigField, expected: String) -> [(name: String, field: ConfigField)]? {
        guard case .mapping(let entries) = section.value.content else {
            mismatch(section, expected: expected)
            return nil
        }
        var lines: [String: Int] = [:]
        var fields: [(String, ConfigField)] = []
        for entry in entries {
            guard case .scalar(let name) = entry.key.content else {
                error(at: entry.key.position, "read \(entry.key.summary) as a key, expected a name")
                continue
            }
            let field = ConfigField(path: Self.join(section.path, name), key: entry.key, value: entry.value)
            if let line = lines[name] {
                error(at: entry.key.position, "\(field.path): this key stands in line \(line) already")
            } else {
                lines[name] = entry.key.position.line
                fields.append((name, field))
            }
        }
        return fields
    }

    private mutating func refuseUnknown(_ name: String, _ field: ConfigField, keys: [String]) {
        if refuseSecret(name, field, keys: keys) { return }
        let hint =
            Suggestion.nearest(to: name, among: keys).map { "did you mean \"\($0)\"?" }
            ?? "expected \(Self.list(keys))"
        error(at: field.key.position, "\(field.path): unknown key, \(hint)")
    }

    /// The text of a scalar.
    mutating func text(_ field: ConfigField, expected: String) -> String? {
        value(field, expected: expected) { $0 }
    }

    /// A scalar, converted.
    /// - Parameter convert: gives `nil` for what is not `expected`.
    mutating func value<Value>(
        _ field: ConfigField, expected: String, _ convert: (String) -> Value?
    ) -> Value? {
        if case .scalar(let text) = field.value.content, !text.isEmpty,
            !text.unicodeScalars.contains(where: Quoted.isControl), let value = convert(text)
        {
            return value
        }
        mismatch(field, expected: expected)
        return nil
    }

    /// The values of a list; a single value is a list of one. They are fields, so that each has its place.
    func items(_ field: ConfigField) -> [ConfigField] {
        guard case .sequence(let nodes) = field.value.content else { return [field] }
        return nodes.map { ConfigField(path: field.path, key: $0, value: $0) }
    }

    /// All items of a list, converted; `nil` where there is none, or one is wrong.
    mutating func list<Value>(
        _ field: ConfigField, expected: String, _ convert: (String) -> Value?
    ) -> [Value]? {
        if refuseEmptyList(field, expected: expected) { return nil }
        let items = items(field)
        let values = items.compactMap { value($0, expected: expected, convert) }
        return values.count == items.count ? values : nil
    }

    /// Reports a list without items.
    /// - Returns: whether it was one.
    mutating func refuseEmptyList(_ field: ConfigField, expected: String) -> Bool {
        guard case .sequence(let items) = field.value.content, items.isEmpty else { return false }
        error(at: field.position, "\(field.path): read an empty list, expected \(expected)")
        return true
    }

    /// A file or a list of files, absolute; `none` is none.
    mutating func paths(_ field: ConfigField, expected: String) -> [String]? {
        if case .scalar("none") = field.value.content { return [] }
        let home = environment.homeDirectory
        return items(field).compactMap { value($0, expected: expected) { Scalars.path($0, home: home) } }
    }

    mutating func mismatch(_ field: ConfigField, expected: String) {
        let path = field.path.isEmpty ? "" : "\(field.path): "
        error(at: field.position, "\(path)read \(field.value.summary), expected \(expected)")
    }

    private static func join(_ path: String, _ name: String) -> String {
        let isPlain = name.unicodeScalars.allSatisfy { !Quoted.isControl($0) && $0 != " " } && !name.isEmpty
        let last = isPlain && name.unicodeScalars.count <= 64 ? name : Quoted.text(name)
        return path.isEmpty ? last : "\(path).\(last)"
    }

    private static func list(_ words: [String]) -> String {
        let quoted = words.map { "\"\($0)\"" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.joined() }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
