import FwdControl
import FwdCore

/// How something stands after waiting for it, in a line.
enum Outcome {
    static func line(_ gateway: GatewayStatus, _ style: Style) -> String {
        let state = style.paint(gateway.state.rawValue, Style.colour(of: gateway.state))
        guard gateway.state == .up else {
            return "\(gateway.name): \(state)" + suffix(gateway.cause)
        }
        let down = gateway.forwards.filter { $0.state != .up && $0.state != .disabled }
        let lines = down.map { line(ForwardID(gateway: gateway.name, forward: $0.name), $0, gateway, style) }
        return (["\(gateway.name): \(state)"] + lines).joined(separator: "\n")
    }

    static func line(_ id: ForwardID, _ forward: ForwardStatus, _ gateway: GatewayStatus, _ style: Style) -> String {
        let state = style.paint(forward.state.rawValue, Style.colour(of: forward.state))
        if forward.state == .up { return "\(id): \(state), \(forward.spec), listening on \(forward.boundListen)" }
        return "\(id): \(state)" + suffix(forward.cause ?? (gateway.state == .up ? nil : gateway.cause))
    }

    private static func suffix(_ cause: Cause?) -> String {
        cause.map { ": \($0.message)" } ?? ""
    }
}

extension GatewayStatus {
    /// With all its forwards that are not disabled.
    var isUp: Bool {
        state == .up && forwards.allSatisfy { $0.state == .up || $0.state == .disabled }
    }
}
