import FwdCore

extension ForwardsFile {
    /// The file with a forward that starts, or one that is only kept. Everything else stays as it is; a forward in the
    /// short form becomes `{spec: …, enabled: false}` on its line.
    /// - Throws: `noSuchForward`, `listenConflict` if it would listen where another one does.
    public func setting(forward name: String, enabled: Bool) throws(ConfigError) -> ForwardsFile {
        guard let index = configuration.forwards.firstIndex(where: { $0.name == name }) else {
            throw noSuchForward(name)
        }
        if configuration.forwards[index].isEnabled == enabled { return self }
        try refuseDisplay(name)
        var expected = configuration
        expected.forwards[index].isEnabled = enabled
        try checkListeners(of: expected.forwards)
        return try applying(
            enabledEdits(name, enabled), expecting: expected,
            otherwise: "write \"enabled: \(enabled)\" into \"\(name)\" by hand")
    }

    private func checkListeners(of forwards: [ForwardConfiguration]) throws(ConfigError) {
        var listeners = ListenerTable<String>()
        for forward in forwards {
            guard let other = listeners.insert(forward, owner: forward.name) else { continue }
            throw ConfigError(
                .listenConflict,
                "\"\(forward.name)\" of \(path) listens on \(forward.spec.listen), where \"\(other)\" listens already")
        }
    }

    private func enabledEdits(_ name: String, _ enabled: Bool) -> [TextEdit]? {
        guard let section = root.entry("forwards")?.value, let entry = section.entry(name) else { return nil }
        let extent = NodeExtent(source: source)
        switch entry.value.content {
        case .sequence: return nil
        case .scalar(let spec):
            return extent.end(of: entry, inFlow: extent.isFlow(section)).map { [longForm(spec, enabled, entry, $0)] }
        case .mapping(let fields):
            guard let field = entry.value.entry("enabled") else { return append(enabled, to: entry.value, fields) }
            return extent.end(of: field, inFlow: extent.isFlow(entry.value)).map {
                [TextEdit(range: field.value.offset..<$0, replacement: Array("\(enabled)".utf8))]
            }
        }
    }

    private func longForm(_ spec: String, _ enabled: Bool, _ entry: ConfigNode.Entry, _ end: Int) -> TextEdit {
        let start = entry.value.offset
        // Where the keys are in double quotes, the file may be JSON for somebody.
        let style: YAMLText.Style = source.bytes[entry.key.offset] == UInt8(ascii: "\"") ? .json : .flow
        let fields = "\(YAMLText.entry("spec", spec, style)), \(YAMLText.key("enabled", style)): \(enabled)"
        return TextEdit(range: start..<end, replacement: Array("{\(fields)}".utf8))
    }

    private func append(_ enabled: Bool, to forward: ConfigNode, _ fields: [ConfigNode.Entry]) -> [TextEdit]? {
        if NodeExtent(source: source).isFlow(forward) {
            let flow = FlowEdit(source: source, open: forward.offset, entries: fields)
            return flow.append("\(YAMLText.key("enabled", flow.style)): \(enabled)")
        }
        return fields.last.flatMap { BlockEdit(source: source).append("enabled: \(enabled)", after: $0) }
    }
}
