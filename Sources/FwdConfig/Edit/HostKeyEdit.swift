import FwdCore

/// Edits of the gateway's `host-key`, one item at a time. `nil` means that it is not known what to change.
struct HostKeyEdit {
    let source: SourceText
    /// The entry `gateway:`.
    let gateway: ConfigNode.Entry
    /// By how much the file indents.
    let indentationStep: Int

    /// The pins as they stand in the text, in order; the same pin may stand twice.
    var pins: [HostKeyPin] { items.compactMap { Self.pin($0) } }

    func append(_ text: String) -> [TextEdit]? {
        guard let field else { return insertField(text) }
        guard case .sequence(let nodes) = field.value.content else { return makeList(field, text) }
        if extent.isFlowList(field.value) {
            let flow = FlowEdit(source: source, open: field.value.offset, items: nodes)
            return flow.append(YAMLText.scalar(text, flow.style))
        }
        guard let last = nodes.last, let dash = extent.dash(of: last),
            let end = extent.end(ofItem: last, inFlow: false, dashColumn: column(dash))
        else { return nil }
        return [block.line(Self.item(text), indentation: column(dash) - 1, after: end)]
    }

    func remove(at index: Int) -> [TextEdit]? {
        guard let field else { return nil }
        guard case .sequence(let nodes) = field.value.content else { return clear(field) }
        if extent.isFlowList(field.value) {
            return FlowEdit(source: source, open: field.value.offset, items: nodes).remove(at: index)
        }
        guard let dash = extent.dash(of: nodes[index]),
            let end = extent.end(ofItem: nodes[index], inFlow: false, dashColumn: column(dash))
        else { return nil }
        let lines = block.removeLines(from: source.lineStart(of: dash), through: end)
        if nodes.count > 1 { return [lines] }
        // A key without a value would be an error.
        return extent.colonEnd(of: field).map { [.insert(" []", at: $0), lines] }
    }

    /// Marks the item with `retire: true`.
    func retire(at index: Int) -> [TextEdit]? {
        let item = items[index]
        guard case .mapping(let entries) = item.content else { return wrap(item) }
        let isFlow = extent.isFlow(item)
        if let old = item.entry("retire") {
            return extent.end(of: old, inFlow: isFlow).map {
                [TextEdit(range: old.value.offset..<$0, replacement: Array("true".utf8))]
            }
        }
        if isFlow {
            let flow = FlowEdit(source: source, open: item.offset, entries: entries)
            return flow.append("\(YAMLText.key("retire", flow.style)): true")
        }
        return entries.last.flatMap { block.append("retire: true", after: $0) }
    }
}

// MARK: - Parts

extension HostKeyEdit {
    private static let name = "host-key"
    /// After which of them a new `host-key` stands.
    private static let before = ["host", "port", "user"]

    private var extent: NodeExtent { NodeExtent(source: source) }
    private var block: BlockEdit { BlockEdit(source: source) }
    private var field: ConfigNode.Entry? { gateway.value.entry(Self.name) }
    private var isFlow: Bool { extent.isFlow(gateway.value) }

    private var items: [ConfigNode] {
        guard let value = field?.value else { return [] }
        if case .sequence(let nodes) = value.content { return nodes }
        return [value]
    }

    private static func pin(_ item: ConfigNode) -> HostKeyPin? {
        guard case .scalar(let text) = (item.entry("pin")?.value ?? item).content else { return nil }
        return try? HostKeyText.parse(text).get()
    }

    private static func item(_ text: String) -> String { "- " + YAMLText.scalar(text, .block) }

    /// From 1.
    private func column(_ offset: Int) -> Int { source.position(of: offset).column }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    private var lineBreak: String { String(decoding: source.lineBreak, as: UTF8.self) }

    /// The gateway has no `host-key` yet.
    private func insertField(_ text: String) -> [TextEdit]? {
        guard case .mapping(let entries) = gateway.value.content,
            let index = entries.lastIndex(where: { Self.isBefore($0.key) })
        else { return nil }
        if isFlow {
            let flow = FlowEdit(source: source, open: gateway.value.offset, entries: entries)
            return flow.append(
                "\(YAMLText.key(Self.name, flow.style)): [\(YAMLText.scalar(text, flow.style))]", after: index)
        }
        let indentation = entries[index].key.position.column - 1
        let lines = "\(Self.name):\(lineBreak)\(spaces(indentation + indentationStep))\(Self.item(text))"
        return extent.end(of: entries[index], inFlow: false).map {
            [block.line(lines, indentation: indentation, after: $0)]
        }
    }

    private static func isBefore(_ key: ConfigNode) -> Bool {
        if case .scalar(let name) = key.content { return before.contains(name) }
        return false
    }

    /// `host-key` is a single item.
    private func makeList(_ field: ConfigNode.Entry, _ text: String) -> [TextEdit]? {
        let start = field.value.offset
        guard let end = extent.end(of: field, inFlow: isFlow) else { return nil }
        if isFlow {
            let isJSON = source.bytes[start] == UInt8(ascii: "\"")
            return [.insert("[", at: start), .insert(", \(YAMLText.scalar(text, isJSON ? .json : .flow))]", at: end)]
        }
        // A mapping of several lines would have to be indented anew.
        if case .mapping = field.value.content, !extent.isFlow(field.value) { return nil }
        guard let colon = extent.colonEnd(of: field) else { return nil }
        if source.lineStart(of: colon) != source.lineStart(of: start) {
            let indentation = column(start) - 1
            return [.insert("- ", at: start), block.line(Self.item(text), indentation: indentation, after: end)]
        }
        let indentation = field.key.position.column - 1 + indentationStep
        let opening = "\(lineBreak)\(spaces(indentation))- "
        return [
            TextEdit(range: colon..<start, replacement: Array(opening.utf8)),
            block.line(Self.item(text), indentation: indentation, after: end),
        ]
    }

    /// The single item goes, with the comment after it.
    private func clear(_ field: ConfigNode.Entry) -> [TextEdit]? {
        guard let end = extent.end(of: field, inFlow: isFlow) else { return nil }
        let hasOwnLine = !isFlow && source.isRestOfLineIdle(from: end)
        return [
            TextEdit(
                range: field.value.offset..<(hasOwnLine ? source.lineEnd(of: end) : end), replacement: Array("[]".utf8))
        ]
    }

    private func wrap(_ item: ConfigNode) -> [TextEdit]? {
        guard case .scalar(let text) = item.content, let end = end(ofScalar: item) else { return nil }
        let isJSON = source.bytes[item.offset] == UInt8(ascii: "\"") && (isFlow || field?.value.offset != item.offset)
        let style = isJSON ? YAMLText.Style.json : .flow
        let pin = "\(YAMLText.key("pin", style)): \(YAMLText.scalar(text, style))"
        let retire = "\(YAMLText.key("retire", style)): true"
        return [TextEdit(range: item.offset..<end, replacement: Array("{\(pin), \(retire)}".utf8))]
    }

    private func end(ofScalar item: ConfigNode) -> Int? {
        guard let field else { return nil }
        if item.offset == field.value.offset { return extent.end(of: field, inFlow: isFlow) }
        if extent.isFlowList(field.value) { return extent.end(ofItem: item, inFlow: true) }
        return extent.dash(of: item).flatMap { extent.end(ofItem: item, inFlow: false, dashColumn: column($0)) }
    }
}
