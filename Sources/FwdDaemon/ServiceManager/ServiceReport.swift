import FwdCore

/// The line that `systemctl status` shows, `STATUS=` of sd_notify(3). Pure; made of the snapshot that all else shows.
struct ServiceReport: Equatable, Sendable, CustomStringConvertible {
    /// Our choice: how many of those that are not up are named.
    private static let limit = 3

    /// One line without control characters: names and states only.
    let description: String

    init(_ snapshot: StatusSnapshot) {
        let troubles = Self.troubles(of: snapshot)
        let counts = Self.counts(of: snapshot)
        if troubles.isEmpty {
            description = counts
            return
        }
        var named = troubles.prefix(Self.limit).joined(separator: ", ")
        if troubles.count > Self.limit { named += " and \(troubles.count - Self.limit) more" }
        description = "\(counts); \(named)"
    }

    private static func counts(of snapshot: StatusSnapshot) -> String {
        let forwards = snapshot.gateways.flatMap(\.forwards).filter { $0.state != .disabled }
        if snapshot.gateways.isEmpty { return "no gateways" }
        return "gateways up: \(count(snapshot.gateways.map { $0.state == .up })), "
            + "forwards up: \(count(forwards.map { $0.state == .up }))"
    }

    /// `3`, or `2 of 3`.
    private static func count(_ areUp: [Bool]) -> String {
        let up = areUp.count { $0 }
        return up == areUp.count ? "\(up)" : "\(up) of \(areUp.count)"
    }

    /// What readiness holds against the whole; a gateway stands for its forwards that only wait for it.
    private static func troubles(of snapshot: StatusSnapshot) -> [String] {
        Readiness(of: snapshot).reasons.compactMap { reason in
            guard let gateway = reason.gateway else { return "forwards.d \(reason.state)" }
            guard let forward = reason.forward else { return "\(gateway) \(reason.state)" }
            return reason.state == ForwardState.waiting.rawValue ? nil : "\(gateway)/\(forward) \(reason.state)"
        }
    }
}
