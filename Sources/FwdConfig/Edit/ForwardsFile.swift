import FwdCore
import FwdOpenSSH

/// One gateway's file as text, to be edited by position: whatever the edit does not mean keeps all its bytes.
///
/// After each edit the new text is parsed, and it must say exactly what the old one said plus or minus the forward;
/// otherwise the edit is refused. So a file in a style nobody thought of is at worst left alone.
public struct ForwardsFile: Sendable {
    /// The text, byte for byte.
    public let text: String
    public let configuration: GatewayConfiguration
    /// The file's warnings.
    public let warnings: [ConfigDiagnostic]
    /// Which ssh_config completes it.
    public let sshConfig: SSHConfigFile
    let path: String
    let environment: ConfigEnvironment
    let root: ConfigNode
    let source: SourceText

    /// - Parameters:
    ///   - gateway: the file's name without `.yaml`.
    ///   - path: as it shall stand in diagnostics.
    /// - Throws: `invalidFile` with the diagnostics if the text has an error.
    public init(
        gateway: String, path: String, text: String, environment: ConfigEnvironment = .current
    ) throws(ConfigError) {
        try self.init(gateway: gateway, path: path, bytes: Array(text.utf8), environment: environment)
    }

    init(gateway: String, path: String, bytes: [UInt8], environment: ConfigEnvironment) throws(ConfigError) {
        let file = GatewayFile.parse(bytes, name: gateway, path: path, environment: environment)
        guard let configuration = file.configuration, let declaration = file.declaration, let root = file.root else {
            throw ConfigError(
                .invalidFile, "\(path) has errors and must be mended first", diagnostics: file.diagnostics.errors)
        }
        self.configuration = configuration
        sshConfig = declaration.sshConfig
        self.root = root
        self.path = path
        self.environment = environment
        warnings = file.diagnostics.warnings
        source = file.source
        text = file.source.text
    }

    /// The file with one more forward, after the others.
    /// - Parameters:
    ///   - name: `nil` for one made from the listener's port (`l5432`, `r2222`).
    ///   - spec: as in the file, `-L 5432:db:5432`; it is written as given.
    public func adding(forward name: String? = nil, spec: String) throws(ConfigError) -> ForwardsFile {
        let forward = try newForward(name, spec)
        var expected = configuration
        expected.forwards.append(forward)
        let byHand = "add the line \"\(YAMLText.entry(forward.name, spec, .block))\" under \"forwards:\" by hand"
        return try applying(appendEdits(forward.name, spec), expecting: expected, otherwise: byHand)
    }

    /// The file without a forward and its lines. Comments above it stay.
    public func removing(forward name: String) throws(ConfigError) -> ForwardsFile {
        guard configuration.forwards.contains(where: { $0.name == name }) else { throw noSuchForward(name) }
        try refuseDisplay(name)
        var expected = configuration
        expected.forwards.removeAll { $0.name == name }
        return try applying(removeEdits(name), expecting: expected, otherwise: "remove \"\(name)\" by hand")
    }

    /// It is made of another key.
    func refuseDisplay(_ name: String) throws(ConfigError) {
        guard name == GatewayChecker.displayName, root.entry("gateway")?.value.entry("display") != nil else { return }
        throw ConfigError(.uneditable, "\"\(name)\" is what gateway.display in \(path) says; change it there by hand")
    }

    func noSuchForward(_ name: String) -> ConfigError {
        let known = configuration.forwards.map(\.name)
        let hint = Suggestion.nearest(to: name, among: known).map { ", did you mean \"\($0)\"?" } ?? ""
        return ConfigError(.noSuchForward, "\(path) has no forward \(Quoted.text(name))\(hint)")
    }

    /// The edited file, if it says what is expected.
    /// - Parameter edits: `nil` if it is not known what to change.
    func applying(
        _ edits: [TextEdit]?, expecting expected: GatewayConfiguration, otherwise advice: String
    ) throws(ConfigError) -> ForwardsFile {
        if let edits,
            let file = try? ForwardsFile(
                gateway: configuration.name, path: path, bytes: source.applying(edits), environment: environment),
            file.configuration == expected, file.sshConfig == sshConfig
        {
            return file
        }
        throw ConfigError(.uneditable, "\(path) is written in a way that cannot be edited safely; \(advice)")
    }
}

// MARK: - What to change

extension ForwardsFile {
    private func newForward(_ name: String?, _ text: String) throws(ConfigError) -> ForwardConfiguration {
        let spec: ForwardSpec
        do throws(ForwardSpecError) {
            spec = try ForwardSpec(parsing: text, service: environment.servicePort)
        } catch {
            throw ConfigError(.invalidArgument, "\(Quoted.text(text)): \(error)")
        }
        let forward = ForwardConfiguration(
            name: name ?? Self.freeName(for: spec, besides: configuration.forwards.map(\.name)), spec: spec,
            probe: .standard(for: spec))
        if let problem = ForwardsName.problem(with: forward.name) {
            throw ConfigError(.invalidArgument, "\(Quoted.text(forward.name)) cannot name a forward: \(problem)")
        }
        if configuration.forwards.contains(where: { $0.name == forward.name }) {
            throw ConfigError(.forwardExists, "\(path) has a forward \"\(forward.name)\" already")
        }
        var listeners = ListenerTable<String>()
        for other in configuration.forwards { _ = listeners.insert(other, owner: other.name) }
        if let other = listeners.insert(forward, owner: "") {
            throw ConfigError(.listenConflict, "\"\(other)\" of \(path) listens on \(spec.listen) already")
        }
        return forward
    }

    /// `l5432`, `r2222`, `d1080`, `docker-sock`, and with a number where that is taken.
    static func freeName(for spec: ForwardSpec, besides taken: [String]) -> String {
        let base = baseName(for: spec)
        var (name, count) = (base, 1)
        while taken.contains(name) {
            count += 1
            name = "\(base)-\(count)"
        }
        return name
    }

    private static func baseName(for spec: ForwardSpec) -> String {
        switch spec.listen {
        case .port(let listen): "\(spec.kind.flag.dropFirst().lowercased())\(listen.port)"
        case .socket(let path): socketName(path)
        case .redirect, .device: spec.kind.rawValue
        }
    }

    private static func socketName(_ path: String) -> String {
        let words = path.split(separator: "/").last.map(String.init) ?? ""
        let name = String(words.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        return ForwardsName.problem(with: name) == nil ? name : "socket"
    }

    private func appendEdits(_ name: String, _ spec: String) -> [TextEdit]? {
        let block = BlockEdit(source: source)
        guard let section = root.entry("forwards") else { return appendSection(name, spec) }
        guard case .mapping(let entries) = section.value.content else { return fill(section, name, spec) }
        if NodeExtent(source: source).isFlow(section.value) {
            let flow = FlowEdit(source: source, open: section.value.offset, entries: entries)
            return flow.append(YAMLText.entry(name, spec, flow.style))
        }
        return entries.last.flatMap { block.append(YAMLText.entry(name, spec, .block), after: $0) }
    }

    /// The file has no `forwards:` yet.
    private func appendSection(_ name: String, _ spec: String) -> [TextEdit]? {
        guard case .mapping(let entries) = root.content else { return nil }
        if NodeExtent(source: source).isFlow(root) {
            let flow = FlowEdit(source: source, open: root.offset, entries: entries)
            let section = "{\(YAMLText.entry(name, spec, flow.style))}"
            return flow.append("\(YAMLText.key("forwards", flow.style)): \(section)")
        }
        let outer = root.position.column - 1
        let inner = String(repeating: " ", count: outer + indentationStep)
        let lineBreak = String(decoding: source.lineBreak, as: UTF8.self)
        let lines = "forwards:\(lineBreak)\(inner)\(YAMLText.entry(name, spec, .block))"
        return [BlockEdit(source: source).line(lines, indentation: outer, after: source.lastContent)]
    }

    /// The file has `forwards:` without a value.
    private func fill(_ section: ConfigNode.Entry, _ name: String, _ spec: String) -> [TextEdit]? {
        let isFlow = NodeExtent(source: source).isFlow(root)
        guard let end = NodeExtent(source: source).end(of: section, inFlow: isFlow) else { return nil }
        if isFlow { return [.insert(" {\(YAMLText.entry(name, spec, .flow))}", at: end)] }
        let indentation = section.key.position.column - 1 + indentationStep
        let line = YAMLText.entry(name, spec, .block)
        return [BlockEdit(source: source).line(line, indentation: indentation, after: end)]
    }

    private func removeEdits(_ name: String) -> [TextEdit]? {
        guard let section = root.entry("forwards")?.value, case .mapping(let entries) = section.content,
            let entry = section.entry(name),
            let index = entries.firstIndex(where: { $0.key.offset == entry.key.offset })
        else { return nil }
        if NodeExtent(source: source).isFlow(section) {
            return FlowEdit(source: source, open: section.offset, entries: entries).remove(at: index)
        }
        return BlockEdit(source: source).remove(entry)
    }

    /// By how much the file indents: what `gateway:` shows, else 2.
    var indentationStep: Int {
        guard let gateway = root.entry("gateway"), case .mapping(let entries) = gateway.value.content,
            let first = entries.first, first.key.position.line > gateway.key.position.line
        else { return 2 }
        let step = first.key.position.column - gateway.key.position.column
        return step > 0 ? step : 2
    }
}

extension SourceText {
    /// An offset in the last line that has something on it.
    fileprivate var lastContent: Int {
        bytes.lastIndex { !Self.isBlankByte($0) && $0 != 0x0A && $0 != 0x0D } ?? bytes.count
    }
}
