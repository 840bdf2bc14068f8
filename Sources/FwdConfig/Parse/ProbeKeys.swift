import FwdCore

/// `probe`: how it is found out that a forward works.
extension GatewayChecker {
    private static let expectedProbe =
        "\"off\", \(Scalars.expectedPeriod), or a mapping with \"every\", \"timeout\", \"to\", \"expect\" or \"http\""

    /// - Returns: `nil` for none, also where the file is wrong.
    /// - Parameter spec: `nil` if it is wrong.
    mutating func probe(_ field: ConfigField, of spec: ForwardSpec?) -> Probe? {
        if case .mapping = field.value.content { return probeMapping(field, of: spec) }
        if case .scalar("off") = field.value.content { return nil }
        let probe = value(field, expected: Self.expectedProbe, Scalars.period).map { Self.probe(.connect, every: $0) }
        if let probe, let spec { return has(probe, target: nil, spec, field) ? probe : nil }
        return probe
    }

    /// A probe asks for the forward's target or, where connections lead to no one place, for what its `to` says.
    private mutating func has(
        _ probe: Probe, target: ConfigField?, _ spec: ForwardSpec, _ field: ConfigField
    ) -> Bool {
        switch (spec.leadsToOnePlace, target) {
        case (true, nil), (false, .some): return true
        case (false, nil):
            error(
                at: field.key.position,
                "\(field.path): \(spec.kind.flag) leads to no one place, name one with \"to: host:port\"")
        case (true, .some(let target)):
            error(at: target.key.position, "\(target.path): the forward has its target already")
        }
        return false
    }

    private mutating func probeMapping(_ field: ConfigField, of spec: ForwardSpec?) -> Probe? {
        guard let fields = section(field, keys: KeyReference.probe.names) else { return nil }
        let every = fields["every"].flatMap { period($0) } ?? Probe.defaultInterval
        var probe = Self.probe(method(fields), every: every)
        probe.target = fields["to"].flatMap { value($0, expected: ProbeText.expectedTarget, ProbeText.target) }
        if let spec, !has(probe, target: fields["to"], spec, field) { return nil }
        if let timeout = fields["timeout"].flatMap({ self.timeout($0, within: every) }) { probe.timeout = timeout }
        return probe
    }

    /// The usual timeout, as far as it fits between two probes.
    private static func probe(_ method: Probe.Method, every: Duration) -> Probe {
        Probe(method, every: every, timeout: min(Probe.defaultTimeout, every))
    }

    private mutating func timeout(_ field: ConfigField, within every: Duration) -> Duration? {
        value(field, expected: "a duration up to the \(Scalars.text(every)) of \"every\", as in 500ms or 10s") {
            Scalars.duration($0).flatMap { $0 > .zero && $0 <= every ? $0 : nil }
        }
    }

    private mutating func method(_ fields: [String: ConfigField]) -> Probe.Method {
        let text = fields["expect"].flatMap { value($0, expected: ProbeText.expectedAnswer, ProbeText.answer) }
        let path = fields["http"].flatMap { value($0, expected: ProbeText.expectedPath, ProbeText.path) }
        let status = fields["status"].flatMap {
            value($0, expected: ProbeText.expectedStatus) { Scalars.number($0, in: ProbeText.statuses) }
        }
        if let http = fields["http"], fields["expect"] != nil {
            error(at: http.key.position, "\(http.path): \"expect\" stands here already, expected one of the two")
        }
        if let status = fields["status"], fields["http"] == nil {
            error(at: status.key.position, "\(status.path): needs \"http\", the path to ask for")
        }
        if let path { return .http(path: path, status: status ?? 200) }
        return text.map { .expect($0) } ?? .connect
    }
}

/// What a probe sends and waits for.
private enum ProbeText {
    /// Our choice: a greeting's first line is shorter.
    private static let longestAnswer = 255
    /// Our choice: a path to ask for every minute is no query of a database.
    private static let longestPath = 1024
    /// RFC 9110 section 15.
    static let statuses = 100...599

    static let expectedAnswer = "the first text that the target sends, at most \(longestAnswer) bytes"
    static let expectedPath =
        "a path that starts with /, at most \(longestPath) printable ASCII characters without blank or #"
    static let expectedStatus = "a status from \(statuses.lowerBound) to \(statuses.upperBound)"

    static let expectedTarget = "host:port, an IPv6 address in brackets"

    static func target(_ text: String) -> ForwardSpec.Endpoint? {
        guard let (host, ports) = HostAndPorts.split(text), let port = Scalars.port(ports) else { return nil }
        return Scalars.hostProblem(host) == nil ? ForwardSpec.Endpoint(host: host, port: port) : nil
    }

    static func answer(_ text: String) -> String? {
        text.utf8.count <= longestAnswer ? text : nil
    }

    /// RFC 9112 section 3.2.1: it becomes part of a request's first line, and must end nothing there.
    static func path(_ text: String) -> String? {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
        return text.hasPrefix("/") && isPlain && text.utf8.count <= longestPath ? text : nil
    }
}
