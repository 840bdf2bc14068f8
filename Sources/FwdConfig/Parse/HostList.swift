/// `host`: one server, or a list of them in the order in which they are to be used.
extension GatewayChecker {
    private static let expectedHost = "a host name or address"

    /// Those that can be used; empty if there is none.
    mutating func hosts(_ field: ConfigField?, in section: ConfigField) -> [DeclaredHost] {
        guard let field else {
            error(at: section.key.position, "gateway.host: missing, expected the name or address of the SSH server")
            return []
        }
        if refuseEmptyList(field, expected: "\(Self.expectedHost), or a list of them") { return [] }
        var hosts: [DeclaredHost] = []
        for item in items(field) {
            guard let name = host(item) else { continue }
            if let other = hosts.first(where: { $0.name.lowercased() == name.lowercased() }) {
                error(
                    at: item.position,
                    "\(item.path): \(Quoted.text(name)) stands in line \(other.position.line) already")
            } else {
                hosts.append(DeclaredHost(name: name, position: item.position))
            }
        }
        return hosts
    }

    private mutating func host(_ item: ConfigField) -> String? {
        guard let text = value(item, expected: Self.expectedHost, { $0 }) else { return nil }
        if let problem = Scalars.hostProblem(text) {
            mismatch(item, expected: "\(Self.expectedHost)\(problem)")
            return nil
        }
        return text
    }
}
