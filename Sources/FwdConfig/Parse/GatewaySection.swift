import FwdCore

extension GatewayChecker {
    private static let keys = ["host", "port", "user", "identity", "host-key"]
    /// OpenSSH's order (ssh_config(5), IdentityFile), without the types that need a hardware token.
    private static let usualIdentities = ["id_rsa", "id_ecdsa", "id_ed25519"]

    mutating func gateway(_ section: ConfigField) -> GatewayConfiguration? {
        guard let fields = self.section(section, keys: Self.keys) else { return nil }
        let host = host(fields["host"], in: section)
        let port = fields["port"].map { value($0, expected: "a port from 1 to 65535", Scalars.port) } ?? 22
        let user = fields["user"].map { value($0, expected: "a user name", Scalars.user) } ?? environment.userName
        let identities = identities(fields["identity"], in: section)
        let pins = pins(fields["host-key"])
        if pins.isEmpty {
            warning(at: section.key.position, "gateway.host-key: no pin, the gateway will park before logging in")
        }
        guard let host, let port, let user else { return nil }
        let login = LoginConfiguration(user: user, identities: identities.map { IdentityConfiguration($0) })
        return GatewayConfiguration(name: name, host: host, port: port, login: login, trust: HostTrust(pins: pins))
    }

    private mutating func host(_ field: ConfigField?, in section: ConfigField) -> String? {
        guard let field else {
            error(at: section.key.position, "gateway.host: missing, expected the name or address of the SSH server")
            return nil
        }
        guard let text = value(field, expected: "a host name or address", { $0 }) else { return nil }
        if let problem = Scalars.hostProblem(text) {
            mismatch(field, expected: "a host name or address\(problem)")
            return nil
        }
        return text
    }

    private mutating func identities(_ field: ConfigField?, in section: ConfigField) -> [String] {
        guard let field else {
            let directory = "\(environment.homeDirectory)/.ssh/"
            let found = Self.usualIdentities.map { directory + $0 }.filter(environment.fileExists)
            if found.isEmpty {
                warning(
                    at: section.key.position,
                    "gateway.identity: absent, and none of \(Self.usualIdentities.joined(separator: ", "))"
                        + " is in \(directory)")
            }
            return found
        }
        let expected = "a path that starts with / or ~/, or a list of them"
        let home = environment.homeDirectory
        return items(field, expected: expected).compactMap { item in
            guard let path = value(item, expected: expected, { Scalars.path($0, home: home) }) else { return nil }
            if !environment.fileExists(path) { warning(at: item.position, "\(field.path): there is no file \(path)") }
            return path
        }
    }

    private mutating func pins(_ field: ConfigField?) -> [HostKeyPin] {
        guard let field, !field.value.isEmptyScalar else {
            if let field { mismatch(field, expected: PinText.expected) }
            return []
        }
        var pins: [HostKeyPin] = []
        for item in items(field, expected: PinText.expected) {
            guard let text = text(item, expected: PinText.expected) else { continue }
            switch PinText.parse(text) {
            case .success(let pin): if !pins.contains(pin) { pins.append(pin) }
            case .failure(let problem): mismatch(item, expected: problem.expected)
            }
        }
        return pins
    }
}
