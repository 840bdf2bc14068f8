import FwdCore

/// What the demo tells its user.
enum DemoText {
    static func lines(_ gateway: GatewayStatus, _ addresses: DaemonAddresses) -> [String] {
        let program = CommandLine.arguments.first ?? "fwd"
        let control = "--control \(addresses.control)"
        var lines = ["A private sshd listens on \(gateway.host):\(gateway.port); these forwards are up:", ""]
        for forward in gateway.forwards {
            lines.append("    \(gateway.name)/\(forward.name): \(forward.spec)")
        }
        lines += ["", "Try, in another terminal:", ""]
        lines += gateway.forwards.compactMap(DemoCheck.url).map { "    curl \($0)" }
        lines += [
            "    \(program) list \(control)",
            "    \(program) status \(control)",
        ]
        if let health = addresses.health {
            lines += [
                "    http://\(health)/ in a browser", "    curl http://\(health)/readyz",
                "    curl http://\(health)/metrics",
            ]
        }
        return lines + ["", "Ctrl-C ends it and removes everything."]
    }
}
