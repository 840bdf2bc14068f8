import FwdCore

/// `transparent` and `exclude`: which connections are taken over.
extension GatewayChecker {
    mutating func transparent(_ field: ConfigField, exclude: ConfigField?) -> ForwardSpec? {
        guard let networks = ranges(field), let exclude = exclude.map({ ranges($0) }) ?? [] else { return nil }
        return ForwardSpec(
            kind: .transparent, listen: .redirect(TransparentRule(networks: networks, exclude: exclude)),
            target: .original)
    }

    /// - Returns: `nil` if one of them is wrong.
    private mutating func ranges(_ field: ConfigField) -> [AddressRange]? {
        if refuseEmptyList(field, expected: "\(AddressRangeText.expected), or a list of them") { return nil }
        let items = items(field)
        let ranges = items.compactMap { range($0) }
        return ranges.count == items.count ? ranges : nil
    }
}
