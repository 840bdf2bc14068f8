import FwdCore

/// One parsed file: its configuration, or the errors that keep it from having one.
struct GatewayFile: Sendable {
    let name: String
    let path: String
    let source: SourceText
    let root: ConfigNode?
    /// `nil` if the file is refused.
    private(set) var declaration: GatewayDeclaration?
    /// The declaration, completed; `nil` if the file is refused.
    private(set) var configuration: GatewayConfiguration?
    /// Of a refused file as well.
    let via: ViaReference?
    /// Where each forward's key stands, for messages about two files.
    let forwardPositions: [String: SourcePosition]
    /// Why a file that is good by itself is refused: what an edit that leads there throws.
    private(set) var refusal: ConfigError.Code?
    /// About what stands in the text.
    private var findings: [ConfigDiagnostic]
    /// About what is absent; whoever knows more (ssh_config, the other files) changes them.
    var remarks: [Remark: ConfigDiagnostic] = [:]

    enum Remark: Hashable, Sendable {
        case noForwards
        case noHostKey
        case noIdentity
    }

    /// Never fails: what is wrong is in `diagnostics`.
    /// - Parameter path: as it shall stand in the diagnostics.
    static func parse(
        _ bytes: [UInt8], name: String, path: String, environment: ConfigEnvironment
    ) -> GatewayFile {
        let source = SourceText(bytes)
        let (root, problems) = YAMLComposer.compose(source)
        var checker = GatewayChecker(name: name, path: path, source: source, environment: environment)
        for problem in problems { checker.error(at: problem.position, problem.message) }
        let declaration = problems.isEmpty ? checker.declaration(from: root) : nil
        var file = GatewayFile(
            name: name, path: path, source: source, root: root, declaration: declaration, via: checker.via,
            forwardPositions: checker.forwardPositions, findings: checker.diagnostics)
        if !checker.diagnostics.errors.isEmpty { file.declaration = nil }
        file.complete(in: environment)
        return file
    }

    /// A file that cannot be read.
    static func unreadable(name: String, path: String, message: String) -> GatewayFile {
        let diagnostic = ConfigDiagnostic(severity: .error, file: path, line: 1, column: 1, message: message)
        return GatewayFile(
            name: name, path: path, source: SourceText(""), root: nil, declaration: nil, via: nil,
            forwardPositions: [:], findings: [diagnostic])
    }

    private init(
        name: String, path: String, source: SourceText, root: ConfigNode?, declaration: GatewayDeclaration?,
        via: ViaReference?, forwardPositions: [String: SourcePosition], findings: [ConfigDiagnostic]
    ) {
        self.name = name
        self.path = path
        self.source = source
        self.root = root
        self.declaration = declaration
        self.via = via
        self.forwardPositions = forwardPositions
        self.findings = findings
    }

    /// In the order of the text.
    var diagnostics: [ConfigDiagnostic] {
        (findings + remarks.values).sorted { ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message) }
    }

    /// Makes the configuration.
    /// - Parameter known: what the file leaves open, by host; for others, what holds without ssh_config.
    mutating func complete(with known: [String: GatewayDefaults] = [:], in environment: ConfigEnvironment) {
        guard let declaration else { return }
        let defaults = declaration.hosts.map {
            known[$0.name] ?? GatewayDefaults(host: $0.name, environment: environment)
        }
        let configuration = declaration.configuration(name: name, completedBy: defaults)
        self.configuration = configuration
        remark(on: configuration, declaration, in: environment)
    }

    /// A way that ssh_config gives to one of the servers.
    mutating func route(server index: Int, via gateway: String) {
        if index == 0 {
            configuration?.route = .via(gateway)
        } else {
            configuration?.fallbacks[index - 1].route = .via(gateway)
        }
    }

    mutating func refuse(at position: SourcePosition, _ message: String, code: ConfigError.Code) {
        declaration = nil
        configuration = nil
        refusal = code
        findings.append(diagnostic(.error, position, message))
    }

    mutating func warn(at position: SourcePosition, _ message: String) {
        findings.append(diagnostic(.warning, position, message))
    }

    func diagnostic(
        _ severity: ConfigDiagnostic.Severity, _ position: SourcePosition, _ message: String
    ) -> ConfigDiagnostic {
        ConfigDiagnostic(
            severity: severity, file: path, line: position.line, column: position.column, message: message)
    }
}

// MARK: - What is absent

extension GatewayFile {
    private mutating func remark(
        on configuration: GatewayConfiguration, _ declaration: GatewayDeclaration, in environment: ConfigEnvironment
    ) {
        let start = declaration.places.gateway
        remarks = [:]
        if declaration.forwards.isEmpty {
            remarks[.noForwards] = diagnostic(
                .warning, declaration.places.forwards, "forwards: none, nothing will be carried")
        }
        let logins = configuration.servers.map(\.login)
        if declaration.identities == nil, let login = logins.first(where: \.identities.isEmpty), login.password == nil {
            let names = GatewayDefaults.usualIdentities.joined(separator: ", ")
            let rest = login.agent == .none ? "nothing to log in with" : "only keys of an ssh-agent can serve"
            remarks[.noIdentity] = diagnostic(
                .warning, start,
                "gateway.identity: absent, and none of \(names) is in \(environment.homeDirectory)/.ssh/: \(rest)")
        }
        if let message = Self.noHostKey(configuration, environment) {
            remarks[.noHostKey] = diagnostic(.warning, start, message)
        }
    }

    /// Only what is certain without reading known_hosts.
    private static func noHostKey(
        _ configuration: GatewayConfiguration, _ environment: ConfigEnvironment
    ) -> String? {
        if !configuration.trust.pins.isEmpty { return nil }
        let servers = configuration.servers
        if let server = servers.first(where: \.trust.knownHosts.isEmpty) {
            let subject = servers.allSatisfy(\.trust.knownHosts.isEmpty) ? "" : " for \(server.host)"
            return "gateway.known-hosts: none\(subject), and no pin in host-key: "
                + "the gateway will park before logging in"
        }
        return servers.allSatisfy { $0.trust.knownHosts.contains(where: environment.fileExists) }
            ? nil : "gateway.host-key: no pin, the gateway will park before logging in"
    }
}
