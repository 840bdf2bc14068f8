import FwdCore

/// Walks the tree of one file, collects every diagnostic, and makes the configuration.
///
/// Errors are collected rather than thrown, so that one reading shows all of them. Unknown keys are errors: a key that
/// is ignored silently, say a limit that a later version knows, would leave a door open.
struct GatewayChecker {
    let name: String
    let path: String
    let source: SourceText
    let environment: ConfigEnvironment
    private(set) var diagnostics: [ConfigDiagnostic] = []
    var forwardPositions: [String: SourcePosition] = [:]
    /// Read even where the rest is wrong, because cycles go through several files.
    var via: ViaReference?

    init(name: String, path: String, source: SourceText, environment: ConfigEnvironment) {
        self.name = name
        self.path = path
        self.source = source
        self.environment = environment
    }

    /// What the file says, unless it is no file of ours at all. With errors it is incomplete.
    mutating func declaration(from root: ConfigNode?) -> GatewayDeclaration? {
        if let problem = ForwardsName.problem(with: name) {
            error(at: .start, "the file's name \(Quoted.text(name)) cannot name a gateway: \(problem)")
        }
        guard let root else {
            error(at: .start, "the file is empty, expected \"gateway:\" and \"forwards:\"")
            return nil
        }
        guard let sections = section(ConfigField(path: "", key: root, value: root), keys: KeyReference.file.names)
        else { return nil }
        var declaration: GatewayDeclaration?
        if let field = sections["gateway"] {
            declaration = gateway(field, forwards: sections["forwards"]?.key.position ?? root.position)
        } else {
            error(at: root.position, "gateway: missing, expected a mapping with at least \"host\"")
        }
        let display = declaration?.display
        // First, so that the last one stays the one that was added last.
        let forwards = self.forwards(sections["forwards"], besides: display)
        declaration?.forwards = (display.map { [$0] } ?? []) + forwards
        return declaration
    }

    mutating func error(at position: SourcePosition, _ message: String) {
        report(.error, position, message)
    }

    mutating func warning(at position: SourcePosition, _ message: String) {
        report(.warning, position, message)
    }

    private mutating func report(_ severity: ConfigDiagnostic.Severity, _ position: SourcePosition, _ message: String) {
        diagnostics.append(
            ConfigDiagnostic(
                severity: severity, file: path, line: position.line, column: position.column, message: message))
    }
}
