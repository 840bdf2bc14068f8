import FwdCore
import FwdOpenSSH

extension GatewayChecker {
    /// What the section says; where a value is wrong, it is left out and an error reported.
    mutating func gateway(_ section: ConfigField, forwards: SourcePosition) -> GatewayDeclaration? {
        guard let fields = self.section(section, keys: KeyReference.gateway.names) else { return nil }
        via = fields["via"].flatMap { viaReference($0) }
        let hosts = hosts(fields["host"], in: section)
        // Without a host, what else is wrong shall show as well.
        let declaration = complete(
            GatewayDeclaration(hosts: hosts, places: .init(section, fields, forwards)), from: fields)
        return hosts.isEmpty ? nil : declaration
    }

    private mutating func complete(
        _ declaration: GatewayDeclaration, from fields: [String: ConfigField]
    ) -> GatewayDeclaration {
        var declaration = declaration
        declaration.port = fields["port"].flatMap { value($0, expected: "a port from 1 to 65535", Scalars.port) }
        declaration.user = fields["user"].flatMap { value($0, expected: "a user name", Scalars.user) }
        declaration.identities = identities(fields["identity"])
        if let field = fields["host-key"] { (declaration.pins, declaration.retiring) = hostKeys(field) }
        declaration.agent = fields["agent"].flatMap { agent($0) }
        declaration.password = secret(fields["password-file"])
        declaration.knownHosts = fields["known-hosts"].flatMap { knownHosts($0) }
        declaration.via = via?.name
        if let field = fields["liveness"] { declaration.liveness = liveness(field) }
        declaration.display = fields["display"].flatMap { display($0) }
        if let field = fields["ssh-config"] { declaration.sshConfig = sshConfig(field) ?? .standard }
        return declaration
    }

    private mutating func knownHosts(_ field: ConfigField) -> [String]? {
        let paths = paths(field, expected: "\(Scalars.expectedPath), a list of them, or \"none\"")
        for item in items(field) {
            guard case .scalar(let text) = item.value.content else { continue }
            if let path = Scalars.path(text, home: environment.homeDirectory) { warnIfAbsent(path, item) }
        }
        return paths
    }

    private mutating func sshConfig(_ field: ConfigField) -> SSHConfigFile? {
        let home = environment.homeDirectory
        let file = value(field, expected: "\(Scalars.expectedPath), or \"none\"") {
            $0 == "none" ? SSHConfigFile.none : Scalars.path($0, home: home).map { .file($0) }
        }
        if case .file(let path) = file { warnIfAbsent(path, field) }
        return file
    }

    private mutating func viaReference(_ field: ConfigField) -> ViaReference? {
        value(field, expected: "the name of another gateway") { ForwardsName.problem(with: $0) == nil ? $0 : nil }
            .map { ViaReference(name: $0, position: field.position) }
    }
}

/// A `via:` and where it stands.
struct ViaReference: Hashable, Sendable {
    let name: String
    let position: SourcePosition
}

extension GatewayDeclaration.Places {
    fileprivate init(_ section: ConfigField, _ fields: [String: ConfigField], _ forwards: SourcePosition) {
        let start = section.key.position
        self.init(
            gateway: start, hostKey: fields["host-key"]?.position ?? start, forwards: forwards)
    }
}
