import FwdCore

extension ForwardsFile {
    /// A file that says `configuration`, for gateways that a program sets up. It reads back as the same value.
    public static func text(of configuration: GatewayConfiguration) -> String {
        var lines = ["gateway:", "  " + YAMLText.entry("host", configuration.host, .block)]
        lines.append("  port: \(configuration.port)")
        lines.append("  " + YAMLText.entry("user", configuration.login.user, .block))
        lines += list("identity", configuration.login.identities.map(\.key.description))
        lines += list("host-key", configuration.trust.pins.map(\.description))
        if !configuration.forwards.isEmpty { lines.append("forwards:") }
        for forward in configuration.forwards { lines += entry(forward).map { "  " + $0 } }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func list(_ key: String, _ items: [String]) -> [String] {
        if items.isEmpty { return ["  \(key): []"] }
        return ["  \(key):"] + items.map { "    - " + YAMLText.scalar($0, .block) }
    }

    private static func entry(_ forward: ForwardConfiguration) -> [String] {
        let spec = forward.spec.description
        if forward == ForwardConfiguration(name: forward.name, spec: forward.spec) {
            return [YAMLText.entry(forward.name, spec, .block)]
        }
        return [
            "\(YAMLText.key(forward.name, .block)):", "  " + YAMLText.entry("spec", spec, .block),
            "  hold: \(duration(forward.hold))", "  enabled: \(forward.isEnabled)",
        ]
    }

    private static func duration(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return attoseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
    }
}
