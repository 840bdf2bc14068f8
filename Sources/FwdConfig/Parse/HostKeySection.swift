import FwdCore

/// `host-key`: one pin or a list of them.
extension GatewayChecker {

    mutating func hostKeys(_ field: ConfigField) -> (pins: [HostKeyPin], retiring: Set<HostKeyPin>) {
        guard !field.value.isEmptyScalar else {
            mismatch(field, expected: HostKeyText.expected)
            return ([], [])
        }
        var (pins, retiring): ([HostKeyPin], Set<HostKeyPin>) = ([], [])
        for item in items(field) {
            guard let (pin, isRetiring) = hostKey(item) else { continue }
            if pins.contains(pin) {
                checkRepeated(pin, isRetiring, retiring, item)
            } else {
                pins.append(pin)
                if isRetiring { retiring.insert(pin) }
            }
        }
        if !pins.isEmpty, pins.allSatisfy(retiring.contains) {
            warning(
                at: field.key.position,
                "\(field.path): all pins are to retire; add the pin of the key that comes after them")
        }
        return (pins, retiring)
    }

    private mutating func hostKey(_ item: ConfigField) -> (pin: HostKeyPin, isRetiring: Bool)? {
        guard case .mapping = item.value.content else { return self.pin(item).map { ($0, false) } }
        guard let fields = section(item, keys: KeyReference.hostKey.names) else { return nil }
        if fields["pin"] == nil {
            error(at: item.position, "\(item.path).pin: missing, expected \(HostKeyText.expected)")
        }
        let isRetiring = fields["retire"].map { value($0, expected: "true or false", Scalars.bool) } ?? false
        guard let pin = fields["pin"].flatMap({ self.pin($0) }), let isRetiring else { return nil }
        return (pin, isRetiring)
    }

    private mutating func pin(_ field: ConfigField) -> HostKeyPin? {
        guard let text = text(field, expected: HostKeyText.expected) else { return nil }
        switch HostKeyText.parse(text) {
        case .success(let pin): return pin
        case .failure(let problem):
            mismatch(field, expected: problem.expected)
            return nil
        }
    }

    /// The same pin twice is harmless, unless the two contradict each other.
    private mutating func checkRepeated(
        _ pin: HostKeyPin, _ isRetiring: Bool, _ retiring: Set<HostKeyPin>, _ item: ConfigField
    ) {
        guard isRetiring != retiring.contains(pin) else { return }
        error(at: item.position, "\(item.path): \(pin) stands here twice, and only one of them is to retire")
    }
}
