import FwdCore

/// One parsed file: its configuration, or the errors that keep it from having one.
struct GatewayFile: Sendable {
    let name: String
    let path: String
    let source: SourceText
    let root: ConfigNode?
    /// `nil` if `diagnostics` has an error.
    var configuration: GatewayConfiguration?
    /// Where each forward's key stands, for messages about two files.
    let forwardPositions: [String: SourcePosition]
    /// In the order of the text.
    var diagnostics: [ConfigDiagnostic]

    /// Never fails: what is wrong is in `diagnostics`.
    /// - Parameter path: as it shall stand in the diagnostics.
    static func parse(
        _ bytes: [UInt8], name: String, path: String, environment: ConfigEnvironment
    ) -> GatewayFile {
        let source = SourceText(bytes)
        let (root, problems) = YAMLComposer.compose(source)
        var checker = GatewayChecker(name: name, path: path, source: source, environment: environment)
        for problem in problems { checker.error(at: problem.position, problem.message) }
        let configuration = problems.isEmpty ? checker.configuration(from: root) : nil
        let diagnostics = checker.diagnostics.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        return GatewayFile(
            name: name, path: path, source: source, root: root,
            configuration: diagnostics.errors.isEmpty ? configuration : nil,
            forwardPositions: checker.forwardPositions, diagnostics: diagnostics)
    }

    mutating func refuse(at position: SourcePosition, _ message: String) {
        configuration = nil
        diagnostics.append(
            ConfigDiagnostic(
                severity: .error, file: path, line: position.line, column: position.column, message: message))
    }
}
