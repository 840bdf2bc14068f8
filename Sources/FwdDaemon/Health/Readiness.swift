import FwdCore

/// Whether everything, one gateway or one forward carries, and if not, why.
///
/// What counts: every gateway must be up, and every forward that is not disabled. A refused file counts against its
/// gateway and against the whole, although what ran before runs on: what runs is not what the files say, and the next
/// start would lack it. It does not count against a single forward that is up.
public struct Readiness: Hashable, Codable, Sendable {
    public struct Reason: Hashable, Codable, Sendable {
        /// Absent when the directory as a whole is the reason.
        public var gateway: String?
        /// Absent when the gateway is the reason.
        public var forward: String?
        /// A `GatewayState`, a `ForwardState`, or `refused`.
        public var state: String
        /// One sentence.
        public var message: String
    }

    static let refused = "refused"

    public var ready: Bool
    public var reasons: [Reason]

    init(reasons: [Reason]) {
        ready = reasons.isEmpty
        self.reasons = reasons
    }

    /// Of everything.
    public init(of snapshot: StatusSnapshot) {
        var reasons = snapshot.gateways.flatMap(Self.reasons(of:))
        let refused = snapshot.configuration.refusedGateways
        reasons += refused.map { Self.refusal(of: $0, in: snapshot.configuration) }
        if !snapshot.configuration.isSuccessful, refused.isEmpty {
            let message = snapshot.configuration.errors.first ?? "forwards.d could not be read"
            reasons.append(Reason(state: Self.refused, message: message))
        }
        self.init(reasons: reasons)
    }

    /// Of one gateway; `nil` if there is none of this name.
    public init?(of gateway: String, in snapshot: StatusSnapshot) {
        let status = snapshot.gateways.first { $0.name == gateway }
        let isRefused = snapshot.configuration.refusedGateways.contains(gateway)
        if status == nil, !isRefused { return nil }
        var reasons = status.map(Self.reasons(of:)) ?? []
        if isRefused { reasons.append(Self.refusal(of: gateway, in: snapshot.configuration)) }
        self.init(reasons: reasons)
    }

    /// Of one forward; `nil` if there is none of this name. A disabled one is not ready.
    public init?(of id: ForwardID, in snapshot: StatusSnapshot) {
        guard let gateway = snapshot.gateways.first(where: { $0.name == id.gateway }) else {
            // Its gateway's file cannot be read, so whether it exists is not known; it does not carry in any case.
            guard snapshot.configuration.refusedGateways.contains(id.gateway) else { return nil }
            self.init(reasons: [Self.refusal(of: id.gateway, in: snapshot.configuration)])
            return
        }
        guard let forward = gateway.forwards.first(where: { $0.name == id.forward }) else { return nil }
        self.init(reasons: forward.state == .up ? [] : [Self.reason(forward, gateway)])
    }

    private static func reasons(of gateway: GatewayStatus) -> [Reason] {
        let forwards = gateway.forwards.filter { $0.state != .up && $0.state != .disabled }
        return (gateway.state == .up ? [] : [reason(gateway)]) + forwards.map { reason($0, gateway) }
    }

    private static func reason(_ gateway: GatewayStatus) -> Reason {
        Reason(
            gateway: gateway.name, state: gateway.state.rawValue,
            message: gateway.cause?.message ?? "the gateway is \(gateway.state.rawValue)")
    }

    private static func reason(_ forward: ForwardStatus, _ gateway: GatewayStatus) -> Reason {
        let cause = forward.cause ?? (forward.state == .waiting ? gateway.cause : nil)
        return Reason(
            gateway: gateway.name, forward: forward.name, state: forward.state.rawValue,
            message: cause?.message ?? "the forward is \(forward.state.rawValue)")
    }

    private static func refusal(of gateway: String, in configuration: ConfigurationStatus) -> Reason {
        // Errors are rendered as "/path/NAME.yaml:line:column: message".
        let line = configuration.errors.first { $0.contains("/\(gateway).yaml:") || $0.hasPrefix("\(gateway).yaml:") }
        return Reason(gateway: gateway, state: refused, message: line ?? "the gateway's file was refused")
    }
}
