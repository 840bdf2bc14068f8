import FwdCore

/// A host key as it shall be written into a gateway's file: `ssh-ed25519 SHA256:…`, or a whole public key line.
public struct HostKeyEntry: Hashable, Sendable {
    public let text: String
    public let pin: HostKeyPin

    public init(_ pin: HostKeyPin) {
        text = pin.description
        self.pin = pin
    }

    /// - Throws: `invalidArgument` if `text` is no host key that fwd can negotiate.
    public init(_ text: String) throws(ConfigError) {
        switch HostKeyText.parse(text) {
        case .success(let pin):
            self.text = text
            self.pin = pin
        case .failure(let problem):
            throw ConfigError(.invalidArgument, "read \(Quoted.text(text)), expected \(problem.expected)")
        }
    }
}

extension ForwardsFile {
    /// The file with other pins; everything else keeps its bytes.
    ///
    /// A removed pin takes the comment on its own line with it, other comments stay.
    /// - Parameters:
    ///   - adding: written after the pins that are there. What is pinned already stays as it is; where it was to
    ///     retire, it is not any more.
    ///   - removing: must be pinned.
    ///   - retiring: marked with `retire: true`; must be pinned or among the added.
    public func settingHostKeys(
        adding: [HostKeyEntry] = [], removing: Set<HostKeyPin> = [], retiring: Set<HostKeyPin> = []
    ) throws(ConfigError) -> ForwardsFile {
        try checkPinned(removing.union(retiring.subtracting(adding.map(\.pin))))
        var file = self
        let added = Set(adding.map(\.pin))
        for pin in configuration.trust.pins where added.contains(pin) && configuration.trust.retiring.contains(pin) {
            if !retiring.contains(pin) { file = try file.removing(hostKey: pin) }
        }
        // Adding comes first: so a list never runs empty on the way, and keeps its style.
        for entry in adding where !file.configuration.trust.pins.contains(entry.pin) {
            file = try file.appending(entry)
        }
        for pin in configuration.trust.pins where removing.contains(pin) && !added.contains(pin) {
            file = try file.removing(hostKey: pin)
        }
        for pin in file.configuration.trust.pins where retiring.contains(pin) { file = try file.retiring(hostKey: pin) }
        return file
    }

    private func checkPinned(_ pins: Set<HostKeyPin>) throws(ConfigError) {
        guard let pin = pins.subtracting(configuration.trust.pins).min(by: { $0.description < $1.description }) else {
            return
        }
        throw ConfigError(.invalidArgument, "\(path) does not pin \(pin)")
    }

    private var hostKeyEdit: HostKeyEdit? {
        root.entry("gateway").map { HostKeyEdit(source: source, gateway: $0, indentationStep: indentationStep) }
    }

    private func appending(_ entry: HostKeyEntry) throws(ConfigError) -> ForwardsFile {
        var expected = configuration
        expected.changeTrust { $0.pins.append(entry.pin) }
        return try applying(
            hostKeyEdit?.append(entry.text), expecting: expected, otherwise: "add \"\(entry.text)\" to host-key by hand"
        )
    }

    private func removing(hostKey pin: HostKeyPin) throws(ConfigError) -> ForwardsFile {
        let file = try removingRepetitions(of: pin)
        var expected = file.configuration
        expected.changeTrust { trust in
            trust.pins.removeAll { $0 == pin }
            trust.retiring.remove(pin)
        }
        let edits = file.hostKeyEdit.flatMap { edit in edit.pins.firstIndex(of: pin).flatMap { edit.remove(at: $0) } }
        return try file.applying(edits, expecting: expected, otherwise: "remove \"\(pin)\" from host-key by hand")
    }

    private func retiring(hostKey pin: HostKeyPin) throws(ConfigError) -> ForwardsFile {
        if configuration.trust.retiring.contains(pin) { return self }
        let file = try removingRepetitions(of: pin)
        var expected = file.configuration
        expected.changeTrust { $0.retiring.insert(pin) }
        let edits = file.hostKeyEdit.flatMap { edit in edit.pins.firstIndex(of: pin).flatMap { edit.retire(at: $0) } }
        return try file.applying(
            edits, expecting: expected, otherwise: "write \"{pin: \(pin), retire: true}\" into host-key by hand")
    }

    /// The same pin may stand twice, as a fingerprint and as a whole key.
    private func removingRepetitions(of pin: HostKeyPin) throws(ConfigError) -> ForwardsFile {
        var file = self
        while let edit = file.hostKeyEdit, let last = edit.pins.lastIndex(of: pin),
            last != edit.pins.firstIndex(of: pin)
        {
            file = try file.applying(
                edit.remove(at: last), expecting: file.configuration, otherwise: "\"\(pin)\" stands twice in host-key")
        }
        return file
    }
}

extension GatewayConfiguration {
    /// The same pins hold for all servers of a gateway.
    fileprivate mutating func changeTrust(_ change: (inout HostTrust) -> Void) {
        change(&trust)
        for index in fallbacks.indices { change(&fallbacks[index].trust) }
    }
}
