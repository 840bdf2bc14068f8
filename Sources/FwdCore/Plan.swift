/// What a reload does to one gateway.
public struct GatewayPlan: Hashable, Sendable {
    public enum Step: Hashable, Sendable {
        /// The gateway is new.
        case start(GatewayConfiguration)
        /// Its file is gone: drain and stop.
        case stop
        /// How it logs in has changed: the session starts again with the new configuration.
        case restart(GatewayConfiguration)
        /// Only forwards changed; the session and the forwards in `kept` are not touched.
        case update(GatewayConfiguration, started: [String], stopped: [String], changed: [String], kept: [String])
        case keep
    }

    public let gateway: String
    public let step: Step

    public init(gateway: String, step: Step) {
        self.gateway = gateway
        self.step = step
    }
}

/// The difference between what runs and what the files say.
public struct Plan: Hashable, Sendable {
    /// In byte order of the gateways' names.
    public let gateways: [GatewayPlan]

    /// - Parameters:
    ///   - current: what runs now, by gateway name.
    ///   - desired: what the good files say.
    ///   - refused: gateways whose file is bad; what they run stays as it is.
    public init(
        current: [String: GatewayConfiguration], desired: [String: GatewayConfiguration], refused: Set<String>
    ) {
        let kept = Self.jumps(of: refused, in: current).subtracting(desired.keys)
        let names = Set(current.keys).union(desired.keys).subtracting(refused).subtracting(kept)
        gateways = names.sorted().map { name in
            GatewayPlan(gateway: name, step: Self.step(from: current[name], to: desired[name]))
        }
    }

    /// What refused gateways, which run on as before, are reached through: gateways that stand for hops of ssh_config are
    /// in no file, so nobody asks for them while the file that led to them is bad.
    private static func jumps(of refused: Set<String>, in current: [String: GatewayConfiguration]) -> Set<String> {
        var found: Set<String> = []
        var open = Array(refused)
        while let name = open.popLast() {
            if case .via(let jump)? = current[name]?.route, found.insert(jump).inserted { open.append(jump) }
        }
        return found
    }

    private static func step(from old: GatewayConfiguration?, to new: GatewayConfiguration?) -> GatewayPlan.Step {
        guard let new else { return .stop }
        guard let old else { return .start(new) }
        if old == new { return .keep }
        var login = old
        login.forwards = new.forwards
        if login != new { return .restart(new) }
        let before = Dictionary(uniqueKeysWithValues: old.forwards.map { ($0.name, $0) })
        let after = Set(new.forwards.map(\.name))
        let (known, started) = (
            new.forwards.filter { before[$0.name] != nil }, new.forwards.filter { before[$0.name] == nil }
        )
        return .update(
            new,
            started: started.map(\.name),
            stopped: old.forwards.map(\.name).filter { !after.contains($0) },
            changed: known.filter { before[$0.name] != $0 }.map(\.name),
            kept: known.filter { before[$0.name] == $0 }.map(\.name))
    }
}
