import FwdCore

/// What limits a forward: `allow`, `permit`, `max-connections`, `rate`, `idle-timeout`.
extension GatewayChecker {
    /// Our choice: far beyond what one process can have open.
    private static let connections = 1...1_000_000

    /// - Parameters:
    ///   - fields: those of the forward.
    ///   - spec: `nil` if it is wrong.
    mutating func limits(_ fields: [String: ConfigField], of spec: ForwardSpec?) -> ForwardLimits {
        let expected = "a number from \(Self.connections.lowerBound) to \(Self.connections.upperBound)"
        return ForwardLimits(
            allow: fields["allow"].flatMap { allow($0, spec) },
            permit: fields["permit"].flatMap { permit($0, spec?.kind) },
            maxConnections: fields["max-connections"].flatMap {
                value($0, expected: expected) { Scalars.number($0, in: Self.connections) }
            },
            bytesPerSecond: fields["rate"].flatMap { value($0, expected: RateText.expected, RateText.bytesPerSecond) },
            idleTimeout: fields["idle-timeout"].flatMap { period($0) })
    }

    private mutating func allow(_ field: ConfigField, _ spec: ForwardSpec?) -> [AddressRange]? {
        if spec?.listensOnSocket == true {
            error(
                at: field.key.position,
                "\(field.path): who connects to a Unix socket has no address; \"mode\" says who may")
            return nil
        }
        if spec?.kind == .remote {
            error(
                at: field.key.position,
                "\(field.path): not possible for -R: libssh2 does not tell who connected at the far side")
            return nil
        }
        // Nobody writes a list to let nobody in, and everybody is what no list stands for.
        if refuseEmptyList(field, expected: "\(AddressRangeText.expected), or a list of them") { return nil }
        return items(field).compactMap { range($0) }
    }

    private mutating func permit(_ field: ConfigField, _ kind: ForwardSpec.Kind?) -> [PermittedDestination]? {
        if let kind, kind != .dynamic {
            error(at: field.key.position, "\(field.path): only for -D, whose clients choose what they connect to")
            return nil
        }
        if refuseEmptyList(field, expected: "\(PermitText.expected), or a list of them") { return nil }
        return items(field).compactMap { destination($0) }
    }

    private mutating func destination(_ item: ConfigField) -> PermittedDestination? {
        guard let read = value(item, expected: PermitText.expected, PermitText.parse) else { return nil }
        guard let range = read.range, range.hasHostBits else { return read.destination }
        refuseHostBits(of: range, in: item)
        return nil
    }

    mutating func range(_ item: ConfigField) -> AddressRange? {
        guard let read = value(item, expected: AddressRangeText.expected, AddressRangeText.parse) else { return nil }
        guard read.hasHostBits else { return read.range }
        refuseHostBits(of: read, in: item)
        return nil
    }

    mutating func refuseHostBits(of read: AddressRangeText, in field: ConfigField) {
        error(
            at: field.position,
            "\(field.path): \(read.text) has bits behind the prefix; did you mean \(read.range)?")
    }
}
