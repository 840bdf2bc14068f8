import FwdCore

/// `display`: an X display of this machine for the far side, by an ordinary remote forward.
extension GatewayChecker {
    static let displayName = "display"
    private static let expectedDisplay =
        "an X display, as in \":0\" or \"host:0\", or a mapping with \"local\" and \"number\""
    /// Our choice, and sshd's (sshd_config(5), X11DisplayOffset): displays below may be real ones.
    private static let usualNumber = 10

    mutating func display(_ field: ConfigField) -> ForwardConfiguration? {
        guard case .mapping = field.value.content else { return display(field, local: field, number: nil) }
        guard let fields = section(field, keys: KeyReference.display.names) else { return nil }
        guard let local = fields["local"] else {
            error(at: field.key.position, "\(field.path).local: missing, expected an X display, as in \":0\"")
            return nil
        }
        return display(field, local: local, number: fields["number"])
    }

    private mutating func display(
        _ field: ConfigField, local: ConfigField, number: ConfigField?
    ) -> ForwardConfiguration? {
        forwardPositions[Self.displayName] = field.key.position
        let target = value(local, expected: Self.expectedDisplay, DisplayText.parse)
        let expected = "a number from 0 to \(DisplayText.numbers.upperBound)"
        let number =
            number.map { value($0, expected: expected) { Scalars.number($0, in: DisplayText.numbers) } }
            ?? Self.usualNumber
        guard let target, let number else { return nil }
        let listen = ForwardSpec.ListenAddress(address: .loopback, port: DisplayText.port(of: number))
        let spec = ForwardSpec(kind: .remote, listen: .port(listen), target: .destination(target))
        return ForwardConfiguration(name: Self.displayName, spec: spec, probe: .standard(for: spec))
    }
}

/// Reads `:0`, `unix:0.0`, `host:0` as X(7) does: [host]:display[.screen].
enum DisplayText {
    /// X11R6's "X Window System Protocol", appendix B: display N is port 6000 + N.
    private static let firstPort = 6000
    static let numbers = 0...(Int(UInt16.max) - firstPort)

    static func port(of number: Int) -> UInt16 { UInt16(firstPort + number) }

    static func parse(_ text: String) -> ForwardSpec.Destination? {
        guard let (host, rest) = split(text) else { return nil }
        let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard let number = parts.first.flatMap({ Scalars.number(String($0), in: numbers) }), parts.count <= 2,
            parts.dropFirst().allSatisfy({ Scalars.number(String($0), in: numbers) != nil })
        else { return nil }
        if host.isEmpty || host == "unix" { return .socket("/tmp/.X11-unix/X\(number)") }
        return Scalars.hostProblem(host) == nil ? .host(.init(host: host, port: port(of: number))) : nil
    }

    private static func split(_ text: String) -> (host: String, rest: String)? {
        if text.hasPrefix(":") { return ("", String(text.dropFirst())) }
        return HostAndPorts.split(text).map { ($0.host, $0.ports) }
    }
}
