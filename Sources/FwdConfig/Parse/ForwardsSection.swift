import FwdCore

extension GatewayChecker {
    /// The forwards in the order of the file; those with errors are left out.
    /// - Parameter display: one that the gateway's section makes.
    mutating func forwards(_ section: ConfigField?, besides display: ForwardConfiguration?) -> [ForwardConfiguration] {
        guard let section, !section.value.isEmptyScalar else { return [] }
        let expected = "a mapping of names to forwards, as in \"db: -L 5432:db:5432\""
        var forwards: [ForwardConfiguration] = []
        var listeners = ListenerTable<String>()
        if let display { _ = listeners.insert(display, owner: display.name) }
        for (name, field) in fields(of: section, expected: expected) ?? [] {
            if let display, name == display.name {
                refuseSecondDisplay(field)
                continue
            }
            forwardPositions[name] = field.key.position
            if let problem = ForwardsName.problem(with: name) {
                error(at: field.key.position, "\(field.path): not a forward's name: \(problem)")
            } else if let forward = forward(name, field) {
                if let other = listeners.insert(forward, owner: name) {
                    reportConflict(of: forward, with: other, field)
                }
                forwards.append(forward)
            }
        }
        return forwards
    }

    private mutating func refuseSecondDisplay(_ field: ConfigField) {
        let line = forwardPositions[Self.displayName]?.line ?? 1
        error(
            at: field.key.position, "\(field.path): gateway.display of line \(line) is a forward of this name already")
    }

    private mutating func forward(_ name: String, _ field: ConfigField) -> ForwardConfiguration? {
        switch field.value.content {
        case .scalar:
            return spec(field).map { ForwardConfiguration(name: name, spec: $0, probe: .standard(for: $0)) }
        case .mapping: return longForm(name, field)
        case .sequence:
            mismatch(field, expected: "a forward, as in \"-L 5432:db:5432\", or a mapping with \"spec\"")
            return nil
        }
    }

    private mutating func longForm(_ name: String, _ field: ConfigField) -> ForwardConfiguration? {
        guard let fields = section(field, keys: KeyReference.forward.names) else { return nil }
        let spec = spec(fields, of: field)
        let hold =
            fields["hold"].map { value($0, expected: Scalars.expectedDuration, Scalars.duration) }
            ?? ForwardConfiguration.defaultHold
        let isEnabled = fields["enabled"].map { value($0, expected: "true or false", Scalars.bool) } ?? true
        let mode = fields["mode"].flatMap { socketMode($0, of: spec) }
        let probe = fields["probe"].map { self.probe($0, of: spec) } ?? spec.flatMap { .standard(for: $0) }
        if let probe = fields["probe"], fields["network"] != nil { refuseConversation(probe) }
        let limits = limits(fields, of: spec)
        guard let spec, let hold, let isEnabled else { return nil }
        return ForwardConfiguration(
            name: name, spec: spec, hold: hold, isEnabled: isEnabled, probe: probe, limits: limits,
            socketMode: mode)
    }

    /// Exactly one of the keys says what kind of forward it is.
    private mutating func spec(_ fields: [String: ConfigField], of forward: ConfigField) -> ForwardSpec? {
        let kinds = KeyReference.kinds.compactMap { name in fields[name].map { (name, $0) } }
        guard let (name, field) = kinds.first else {
            error(
                at: forward.key.position, "\(forward.path).spec: missing, expected a forward, as in \"-L 5432:db:5432\""
            )
            return nil
        }
        if let (_, other) = kinds.dropFirst().first {
            error(at: other.key.position, "\(other.path): \"\(name)\" stands here already, expected one of the two")
            return nil
        }
        refuseStrangers(fields, to: name)
        switch name {
        case "transparent": return transparent(field, fields)
        case "network": return network(field, in: fields)
        default: return self.spec(field, isLimited: fields["allow"] != nil, isPermitted: fields["permit"] != nil)
        }
    }

    /// Keys that only one kind has.
    private mutating func refuseStrangers(_ fields: [String: ConfigField], to kind: String) {
        guard kind != "transparent" else { return }
        for name in ["exclude", "dns"] {
            guard let field = fields[name] else { continue }
            error(at: field.key.position, "\(field.path): only beside \"transparent\"")
        }
    }

    private mutating func socketMode(_ field: ConfigField, of spec: ForwardSpec?) -> UInt16? {
        if let spec, !spec.listensOnSocket {
            error(at: field.key.position, "\(field.path): only for a forward that listens on a Unix socket")
            return nil
        }
        return value(field, expected: SocketModeText.expected, SocketModeText.parse)
    }

    /// - Parameters:
    ///   - isLimited: whether the file says who may connect.
    ///   - isPermitted: whether it says what clients may ask for.
    private mutating func spec(
        _ field: ConfigField, isLimited: Bool = false, isPermitted: Bool = false
    ) -> ForwardSpec? {
        guard let text = text(field, expected: "a forward, as in \"-L 5432:db:5432\"") else { return nil }
        do throws(ForwardSpecError) {
            let spec = try ForwardSpec(parsing: text, service: environment.servicePort)
            if !isLimited { warnOfReach(spec, isPermitted: isPermitted, field) }
            return spec
        } catch let problem {
            error(
                at: place(of: problem.offset, in: text, field), "\(field.path): read \(Quoted.text(text)), \(problem)")
            return nil
        }
    }

    private mutating func warnOfReach(_ spec: ForwardSpec, isPermitted: Bool, _ field: ConfigField) {
        guard spec.listensBeyondLoopback else { return }
        let reader =
            switch spec.kind {
            case .local, .transparent, .network:
                "every host that can reach \(spec.listen) on this machine can use it"
            case .dynamic:
                """
                an open proxy: every host that can reach \(spec.listen) on this machine can reach through it \
                \(isPermitted ? "what \"permit\" lists" : "whatever the gateway can")
                """
            case .remote: "every host that can reach \(spec.listen) on the gateway can use it, if its sshd allows that"
            }
        warning(at: field.position, "\(field.path): listens beyond loopback, \(reader)")
    }

    private mutating func reportConflict(of forward: ForwardConfiguration, with other: String, _ field: ConfigField) {
        let line = forwardPositions[other]?.line ?? 1
        error(
            at: field.key.position,
            "\(field.path): listens on \(forward.spec.listen), where \"\(other)\" of line \(line) listens already")
    }

    /// Where the character at `offset` of a scalar's text stands, if it is written there as it reads.
    private func place(of offset: Int, in text: String, _ field: ConfigField) -> SourcePosition {
        var start = field.value.offset
        var position = field.position
        guard start < source.bytes.count else { return position }
        if source.bytes[start] == UInt8(ascii: "\"") || source.bytes[start] == UInt8(ascii: "'") {
            start += 1
            position.column += 1
        }
        guard source.bytes[start...].starts(with: text.utf8) else { return field.position }
        position.column += text.prefix(offset).unicodeScalars.count
        return source.clamped(position)
    }
}
