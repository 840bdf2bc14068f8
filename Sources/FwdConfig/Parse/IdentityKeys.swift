import FwdCore

/// `identity` and `agent`.
extension GatewayChecker {
    private static let expectedIdentity =
        "\(Scalars.expectedSource), a mapping with \"file\", or a list of them"

    mutating func identities(_ field: ConfigField?) -> [IdentityConfiguration]? {
        guard let field else { return nil }
        return items(field).compactMap { item in
            if case .mapping = item.value.content { return identityMapping(item) }
            return identityFile(item, expected: Self.expectedIdentity).map { IdentityConfiguration(key: $0) }
        }
    }

    private mutating func identityMapping(_ item: ConfigField) -> IdentityConfiguration? {
        guard let fields = section(item, keys: KeyReference.identity.names) else { return nil }
        if fields["file"] == nil {
            error(at: item.position, "\(item.path).file: missing, expected \(Scalars.expectedSource)")
        }
        let file = fields["file"].flatMap { identityFile($0, expected: Scalars.expectedSource) }
        let certificate = fields["certificate"].flatMap { certificateFile($0) }
        let passphrase = secret(fields["passphrase-file"])
        return file.map { IdentityConfiguration(key: $0, certificate: certificate, passphrase: passphrase) }
    }

    private mutating func identityFile(_ field: ConfigField, expected: String) -> SecretSource? {
        let home = environment.homeDirectory
        guard let source = value(field, expected: expected, { Scalars.source($0, home: home) }) else { return nil }
        warnIfAbsent(source, field)
        return source
    }

    private mutating func certificateFile(_ field: ConfigField) -> String? {
        let home = environment.homeDirectory
        let path = value(field, expected: Scalars.expectedPath) { Scalars.path($0, home: home) }
        if let path { warnIfAbsent(path, field) }
        return path
    }

    mutating func agent(_ field: ConfigField) -> AgentSocket? {
        let home = environment.homeDirectory
        return value(field, expected: "\"none\", or the path of an ssh-agent's socket that starts with / or ~/") {
            $0 == "none" ? AgentSocket.none : Scalars.path($0, home: home).map { .path($0) }
        }
    }
}
