import FwdCore

/// What a gateway's user needs to be allowed on its server, and nothing more: for the forwards that are enabled, and for
/// the gateways that are reached through this one.
///
/// sshd(8), AUTHORIZED_KEYS FILE FORMAT, and sshd_config(5). What is compared with what in sshd (channels.c): a target
/// with permitopen character by character, a listen host in lower case with permitlisten as a pattern.
struct LeastPrivilege: Equatable {
    /// Why something cannot be written into sshd's files.
    struct Problem: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    let user: String
    /// `host:port` of every target, without repetitions, in the order of the file.
    let opens: [String]
    /// Whether targets are chosen by clients, so that none can be left out.
    let opensAnything: Bool
    /// Whether a tun device is opened; and the one, where only one is.
    let opensTunnel: Bool
    let tunnelUnit: UInt32?
    /// Whether a target is a Unix socket, of which sshd allows all or none.
    let opensSockets: Bool
    /// `host:port` of every remote listener.
    let listens: [String]
    /// Whether a listener asks for an address that sshd binds only with `GatewayPorts clientspecified`.
    let listensBeyondLoopback: Bool
    /// Whether a listener leaves the choice of its port to the server, which only `host:*` allows.
    let hasChosenPorts: Bool

    /// - Parameter jumps: what is reached through the gateway.
    init(_ gateway: GatewayConfiguration, jumps: [GatewayConfiguration]) throws(Problem) {
        let enabled = gateway.forwards.filter(\.isEnabled)
        let forwards = enabled.map(\.spec)
        user = try Self.plain(gateway.login.user)
        let listeners = forwards.filter { $0.kind == .remote }.compactMap(Self.listenAddress)
        let targets = forwards.filter { $0.kind == .local }.compactMap(\.destination)
        var opens: [String] = []
        for case .host(let endpoint) in targets { opens.append(try Self.endpoint(endpoint)) }
        let asked = enabled.filter { $0.spec.target == .asked }.map { PermitOpen.list(of: $0) }
        for case .some(let permitted) in asked { for open in permitted { opens.append(try Self.endpoint(open)) } }
        opensAnything = asked.contains { $0 == nil } || forwards.contains { $0.target == .original }
        let links = forwards.compactMap { if case .device(let link) = $0.listen { link } else { nil } }
        opensTunnel = !links.isEmpty
        tunnelUnit = links.count == 1 ? links[0].unit : nil
        opensSockets = targets.contains { if case .socket = $0 { true } else { false } }
        for jump in jumps { opens.append(try Self.endpoint(.init(host: jump.hostName, port: jump.port))) }
        var listens: [String] = []
        for listener in listeners { listens.append(try Self.text(listener)) }
        self.opens = Self.unique(opens)
        self.listens = Self.unique(listens)
        listensBeyondLoopback = listeners.contains(where: Self.needsGatewayPorts)
        hasChosenPorts = listeners.contains { $0.port == 0 }
    }

    /// The options of the line in authorized_keys, which a blank and the key follow.
    ///
    /// authorized_keys has no "none". A name that never exists (RFC 6761 section 6.4) forbids all targets. Listen hosts
    /// are compared in lower case, so a pattern in upper case fits none.
    var keyOptions: String {
        let opens = opensAnything ? [] : opens.isEmpty ? ["forbidden.invalid:1"] : opens
        let listens = listens.isEmpty ? ["FORBIDDEN.INVALID:1"] : listens
        let options =
            ["restrict", "port-forwarding"] + opens.map { "permitopen=\"\($0)\"" }
            + listens.map { "permitlisten=\"\($0)\"" } + (tunnelUnit.map { ["tunnel=\"\($0)\""] } ?? [])
            + ["command=\"\(Self.command)\""]
        return options.joined(separator: ",")
    }

    /// The block for sshd_config.
    var matchBlock: String {
        let lines =
            forwardingLines + [
                "AllowStreamLocalForwarding \(opensSockets ? "local" : "no")", "AllowAgentForwarding no",
                "X11Forwarding no", "PermitTunnel \(opensTunnel ? "point-to-point" : "no")",
                "PermitTTY no", "PermitUserRC no",
                "ForceCommand \(Self.command)",
            ]
        return (["Match User \(user)"] + lines.map { "    \($0)" }).joined(separator: "\n")
    }

    /// The lines of the block that decide on forwards.
    var forwardingLines: [String] {
        [
            "AllowTcpForwarding \(direction)",
            "PermitOpen \(opensAnything ? "any" : opens.isEmpty ? "none" : opens.joined(separator: " "))",
            "PermitListen \(listens.isEmpty ? "none" : listens.joined(separator: " "))",
            "GatewayPorts \(listensBeyondLoopback ? "clientspecified" : "no")",
        ]
    }

    /// It ends at once, whatever the shell. fwd runs it once, after which sshd sends small packets without delay.
    private static let command = "true"

    private var direction: String {
        switch (opens.isEmpty && !opensAnything, listens.isEmpty) {
        case (false, false): "yes"
        case (false, true): "local"
        case (true, false): "remote"
        case (true, true): "no"
        }
    }

    private static func listenAddress(_ spec: ForwardSpec) -> ForwardSpec.ListenAddress? {
        if case .port(let address) = spec.listen { address } else { nil }
    }

    private static func endpoint(_ endpoint: ForwardSpec.Endpoint) throws(Problem) -> String {
        _ = try plain(endpoint.host)
        return endpoint.description
    }

    /// As fwd asks for it (RFC 4254 section 7.1): "localhost", "" for every interface, or the address.
    private static func text(_ listen: ForwardSpec.ListenAddress) throws(Problem) -> String {
        let port = listen.port == 0 ? "*" : "\(listen.port)"
        switch listen.address {
        case .loopback: return "localhost:\(port)"
        case .any: return "*:\(port)"
        case .address(let host):
            let host = try plain(host).lowercased()
            return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// sshd grants these without `GatewayPorts` (channels.c, channel_fwd_bind_addr); everything else it would quietly
    /// bind to loopback.
    private static func needsGatewayPorts(_ listen: ForwardSpec.ListenAddress) -> Bool {
        switch listen.address {
        case .loopback: false
        case .any: true
        case .address(let host): host != "127.0.0.1" && host != "::1"
        }
    }

    /// Nothing that ends a word, is a pattern, or is a quotation mark in sshd's files.
    private static func plain(_ text: String) throws(Problem) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", ":", "%", "$", "@", "+": true
            default: scalar.value >= 0x80
            }
        }
        guard isPlain, !text.isEmpty else {
            throw Problem(description: "\"\(text)\" cannot be written into authorized_keys or sshd_config")
        }
        return text
    }

    private static func unique(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
