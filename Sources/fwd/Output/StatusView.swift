import FwdCore

/// `fwd status`: gateways in depth.
struct StatusView {
    let now: Timestamp
    let style: Style

    /// The line about the supervisor itself.
    static func supervisor(_ snapshot: StatusSnapshot) -> String {
        let uptime = Units.ago(snapshot.startedAt, at: snapshot.takenAt)
        return "fwd \(snapshot.version) (libssh2 \(snapshot.libssh2)), pid \(snapshot.pid), up for \(uptime), "
            + snapshot.directory
    }

    func render(_ gateway: GatewayStatus) -> String {
        let state = style.paint(gateway.state.rawValue, Style.colour(of: gateway.state))
        let title = "\(style.paint(gateway.name, .bold))  \(state) for \(Units.ago(gateway.since, at: now))"
        let lines = connection(gateway) + session(gateway) + credentials(gateway) + history(gateway) + forwards(gateway)
        let width = lines.map(\.0.count).max() ?? 0
        let padded = lines.map { label, text in
            "  \(style.paint(label, .dim))\(String(repeating: " ", count: width - label.count))  \(text)"
        }
        return ([title] + padded).joined(separator: "\n")
    }

    private typealias Line = (String, String)

    private func connection(_ gateway: GatewayStatus) -> [Line] {
        var lines = [("server", "\(gateway.user)@\(ForwardSpec.Endpoint(host: gateway.host, port: gateway.port))")]
        if !gateway.hosts.isEmpty { lines.append(("servers", gateway.hosts.joined(separator: ", "))) }
        if let address = gateway.address { lines.append(("address", address)) }
        if let route = gateway.route { lines.append(("route", route)) }
        if gateway.state != .up, let cause = gateway.cause {
            lines.append(("cause", "\(cause.message) (\(cause.reason.rawValue))"))
        }
        if let next = gateway.nextRetry {
            lines.append(("next try", next > now ? "in \(Units.ago(now, at: next))" : "now"))
        }
        return lines
    }

    private func session(_ gateway: GatewayStatus) -> [Line] {
        guard let session = gateway.session else { return [] }
        var lines = [
            ("software", session.serverVersion),
            ("host key", "\(session.hostKey) (\(session.hostKeyAlgorithm))"),
            ("trusted by", trust(session, gateway)),
            ("key exchange", session.keyExchange),
            ("cipher", both(session.cipherIn, session.cipherOut)),
            ("mac", both(session.macIn, session.macOut)),
            ("identity", session.identity),
        ]
        if let rtt = session.rttSeconds { lines.append(("round trip", Units.latency(seconds: rtt))) }
        lines.append(("sessions", "\(gateway.sessions)"))
        return lines
    }

    private func trust(_ session: SessionStatus, _ gateway: GatewayStatus) -> String {
        guard session.hostKeySource == "retiring pin" else { return session.hostKeySource }
        let advice = "the server has none of the others; fwd trust \(gateway.name) shows its keys"
        return style.paint("\(session.hostKeySource): \(advice)", .yellow)
    }

    /// What the last login tried, one line each.
    private func credentials(_ gateway: GatewayStatus) -> [Line] {
        gateway.credentials.map { tried in
            let outcome = style.paint(tried.outcome.rawValue, Style.colour(of: tried.outcome))
            let reason = tried.reason.map { ": \($0)" } ?? ""
            return ("credential", "\(tried.credential)  \(outcome)\(reason)")
        }
    }

    private func both(_ incoming: String, _ outgoing: String) -> String {
        incoming == outgoing ? incoming : "\(incoming) in, \(outgoing) out"
    }

    private func history(_ gateway: GatewayStatus) -> [Line] {
        var lines = [("came up", gateway.connects == 1 ? "once" : "\(gateway.connects) times")]
        let failures = gateway.failures.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if !failures.isEmpty {
            lines.append(("failures", failures.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))
        }
        if let last = gateway.lastError {
            lines.append(("last error", "\(Units.ago(last.at, at: now)) ago: \(last.cause)"))
        }
        if gateway.channelOpen.count > 0 {
            let mean = gateway.channelOpen.sumSeconds / Double(gateway.channelOpen.count)
            lines.append(
                ("channels", "\(gateway.channelOpen.count) opened, in \(Units.latency(seconds: mean)) on average"))
        }
        return lines
    }

    private func forwards(_ gateway: GatewayStatus) -> [Line] {
        gateway.forwards.flatMap { forward in [self.forward(forward)] + probe(forward) }
    }

    private func probe(_ forward: ForwardStatus) -> [Line] {
        guard let probe = forward.probe else { return [] }
        let verdict = probe.isSuccess ? style.paint("good", .green) : style.paint("failed", .yellow)
        let took = probe.isSuccess ? " in \(Units.latency(seconds: probe.durationSeconds))" : ""
        let message = probe.message.map { ": \($0)" } ?? ""
        return [("probe", "\(forward.name)  \(verdict)\(took), \(Units.ago(probe.at, at: now)) ago\(message)")]
    }

    private func forward(_ forward: ForwardStatus) -> Line {
        let state = style.paint(forward.state.rawValue, Style.colour(of: forward.state))
        let cause = forward.state == .up ? "" : forward.cause.map { ": \($0.message)" } ?? ""
        let port = forward.listen == forward.boundListen ? "" : " (\(forward.boundListen))"
        return ("forward", "\(forward.name)  \(forward.spec)\(port)  \(state)\(cause)")
    }
}
