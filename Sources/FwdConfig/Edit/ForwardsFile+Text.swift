import FwdCore
import FwdOpenSSH

extension ForwardsFile {
    /// A file that says `configuration`, for gateways that a program sets up. It reads back as the same value, as far
    /// as files can say it: another `hostName` or a command as the route come from ssh_config alone.
    /// - Parameter sshConfig: what completes the file; by default nothing does.
    public static func text(
        of configuration: GatewayConfiguration, sshConfig: SSHConfigFile = .none
    ) -> String {
        var lines = ["gateway:"] + hosts(configuration.servers.map(\.host))
        lines.append("  port: \(configuration.port)")
        lines.append("  " + YAMLText.entry("user", configuration.login.user, .block))
        lines += login(configuration.login) + trust(configuration.trust)
        if case .via(let name) = configuration.route { lines.append("  " + YAMLText.entry("via", name, .block)) }
        if configuration.liveness != Liveness() {
            lines.append(
                "  liveness: {interval: \(Scalars.text(configuration.liveness.interval)), "
                    + "count: \(configuration.liveness.count)}")
        }
        switch sshConfig {
        case .standard: break
        case .none: lines.append("  ssh-config: none")
        case .file(let path): lines.append("  " + YAMLText.entry("ssh-config", path, .block))
        }
        return (lines + forwards(configuration.forwards)).joined(separator: "\n") + "\n"
    }

    static func forwards(_ forwards: [ForwardConfiguration]) -> [String] {
        forwards.isEmpty ? [] : ["forwards:"] + forwards.flatMap { entry($0).map { "  " + $0 } }
    }

    private static func hosts(_ hosts: [String]) -> [String] {
        if hosts.count == 1 { return ["  " + YAMLText.entry("host", hosts[0], .block)] }
        return list("host", hosts.map { "- " + YAMLText.scalar($0, .block) })
    }

    private static func login(_ login: LoginConfiguration) -> [String] {
        var lines: [String] = []
        // Only an absent key lets the agent offer what it has beside the files.
        if login.offersOnlyIdentities { lines += list("identity", login.identities.flatMap(item)) }
        switch login.agent {
        case .environment: break
        case .none: lines.append("  agent: none")
        case .path(let path): lines.append("  " + YAMLText.entry("agent", path, .block))
        }
        if let password = login.password {
            lines.append("  " + YAMLText.entry("password-file", password.description, .block))
        }
        return lines
    }

    private static func trust(_ trust: HostTrust) -> [String] {
        let pins = trust.pins.map { pin in
            trust.retiring.contains(pin) ? "- {pin: \(pin), retire: true}" : "- \(pin)"
        }
        let files = trust.knownHosts.map { "- " + YAMLText.scalar($0, .block) }
        return list("host-key", pins) + (files.isEmpty ? ["  known-hosts: none"] : list("known-hosts", files))
    }

    private static func item(_ identity: IdentityConfiguration) -> [String] {
        let file = identity.key.description
        if identity.certificate == nil, identity.passphrase == nil { return ["- " + YAMLText.scalar(file, .block)] }
        var lines = ["- " + YAMLText.entry("file", file, .block)]
        if let certificate = identity.certificate {
            lines.append("  " + YAMLText.entry("certificate", certificate, .block))
        }
        if let passphrase = identity.passphrase {
            lines.append("  " + YAMLText.entry("passphrase-file", passphrase.description, .block))
        }
        return lines
    }

    /// - Parameter lines: the items with their dashes.
    private static func list(_ key: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? ["  \(key): []"] : ["  \(key):"] + lines.map { "    " + $0 }
    }

    private static func entry(_ forward: ForwardConfiguration) -> [String] {
        let plain = ForwardConfiguration(
            name: forward.name, spec: forward.spec, probe: .standard(for: forward.spec))
        if !forward.spec.hasLongFormOnly, forward == plain {
            return [YAMLText.entry(forward.name, forward.spec.description, .block)]
        }
        return [
            "\(YAMLText.key(forward.name, .block)):"
        ] + kind(forward.spec).map { "  " + $0 }
            + (forward.spec.kind == .network ? [] : ["  hold: \(Scalars.text(forward.hold))"])
            + ["  enabled: \(forward.isEnabled)"]
            + (forward.socketMode.map { ["  mode: \(SocketModeText.text($0))"] } ?? [])
            + probe(forward.probe).map { "  " + $0 } + limits(forward.limits).map { "  " + $0 }
    }

    private static func kind(_ spec: ForwardSpec) -> [String] {
        if case .device(let link) = spec.listen { return network(link) }
        guard case .redirect(let rule) = spec.listen else {
            return [YAMLText.entry("spec", spec.description, .block)]
        }
        return ["transparent: \(ranges(rule.networks))"]
            + (rule.exclude.isEmpty ? [] : ["exclude: \(ranges(rule.exclude))"]) + dns(rule.dns)
    }

    private static func network(_ link: NetworkLink) -> [String] {
        let addresses = link.addresses.map { YAMLText.scalar("\($0)", .json) }.joined(separator: ", ")
        let lines =
            ["address: [\(addresses)]", "peer: \(ranges(link.peers))"]
            + (link.routes.isEmpty ? [] : ["routes: \(ranges(link.routes))"])
            + (link.unit.map { ["unit: \($0)"] } ?? [])
            + (link.device.map { [YAMLText.entry("device", $0, .block)] } ?? [])
            + ["mtu: \(link.mtu)", "while-down: \(link.whileDown.rawValue)"]
        return ["network:"] + lines.map { "  " + $0 }
    }

    private static func dns(_ rule: DNSRule?) -> [String] {
        guard let rule else { return [] }
        let domains = rule.domains.map { YAMLText.scalar($0, .json) }.joined(separator: ", ")
        return [
            "dns:", "  domains: [\(domains)]", "  " + YAMLText.entry("server", "\(rule.server)", .block),
            "  " + YAMLText.entry("listen", "\(rule.listen)", .block),
        ]
    }

    private static func ranges(_ ranges: [AddressRange]) -> String {
        "[\(ranges.map { YAMLText.scalar("\($0)", .json) }.joined(separator: ", "))]"
    }

    private static func probe(_ probe: Probe?) -> [String] {
        guard let probe else { return ["probe: off"] }
        let times =
            ["  every: \(Scalars.text(probe.every))", "  timeout: \(Scalars.text(probe.timeout))"]
            + (probe.target.map { ["  " + YAMLText.entry("to", $0.description, .block)] } ?? [])
        switch probe.method {
        case .connect: return ["probe:"] + times
        case .expect(let text): return ["probe:"] + times + ["  " + YAMLText.entry("expect", text, .block)]
        case .http(let path, let status):
            return ["probe:"] + times + ["  " + YAMLText.entry("http", path, .block), "  status: \(status)"]
        }
    }

    private static func limits(_ limits: ForwardLimits) -> [String] {
        var lines: [String] = []
        if let allow = limits.allow {
            lines.append("allow: \(ranges(allow))")
        }
        if let permit = limits.permit {
            lines.append("permit: [\(permit.map { YAMLText.scalar("\($0)", .json) }.joined(separator: ", "))]")
        }
        if let count = limits.maxConnections { lines.append("max-connections: \(count)") }
        if let rate = limits.bytesPerSecond { lines.append("rate: \(RateText.text(rate))") }
        if let timeout = limits.idleTimeout { lines.append("idle-timeout: \(Scalars.text(timeout))") }
        return lines
    }
}
