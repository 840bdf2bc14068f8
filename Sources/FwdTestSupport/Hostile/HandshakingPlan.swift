/// A scenario as the program behind a `HandshakingServer` reads it.
struct HandshakingPlan: Encodable {
    let hostKey: String
    let otherKey: String?
    var login = "accept"
    var methods = ["publickey", "password", "keyboard-interactive"]
    var prompts = [HandshakingScenario.Prompt("Password: ")]
    var asksForEver = false
    /// Seconds between two bytes.
    var pace: Double?
    var fault: Fault?

    struct Fault: Encodable {
        /// A method of the program's class `Faults`.
        let kind: String
        /// A `HandshakingScenario.Step`, "channelOpened", or "later": when `seconds` have passed or `bytes` are sent.
        let step: String
        var ending: HandshakingScenario.Ending?
        var packet: HandshakingScenario.BrokenPacket?
        var flood: HandshakingScenario.ChannelFlood?
        var seconds: Double?
        var bytes: Int?
    }

    init(_ scenario: HandshakingScenario, hostKey: SSHKey, otherKey: SSHKey?) {
        self.hostKey = hostKey.path
        self.otherKey = otherKey?.path
        fault = Fault(scenario)
        switch scenario {
        case .refuseEverything: login = "refuse"
        case .slowBytes(let pause): pace = pause / .seconds(1)
        case .passwordChange: (login, methods) = ("change", ["password"])
        case .keyboardInteractive(let prompts): (self.prompts, methods) = (prompts, ["keyboard-interactive"])
        case .endlessPrompts: (asksForEver, methods) = (true, ["keyboard-interactive"])
        case .partialSuccess: login = "partial"
        case .acceptEverything, .disconnect, .silent, .brokenPacket, .otherKeyAfterRekey, .bannerFlood, .channelFlood:
            break
        }
    }
}

extension HandshakingPlan.Fault {
    fileprivate init?(_ scenario: HandshakingScenario) {
        switch scenario {
        case .disconnect(let step, let ending): self.init(kind: "disconnect", step: step.rawValue, ending: ending)
        case .silent(let step): self.init(kind: "silent", step: step.rawValue)
        case .brokenPacket(let packet, let step): self.init(kind: "broken", step: step.rawValue, packet: packet)
        case .otherKeyAfterRekey(let moment): self.init(moment)
        case .bannerFlood:
            self.init(kind: "banner_flood", step: HandshakingScenario.Step.authenticationRequest.rawValue)
        case .channelFlood(let flood, let step): self.init(flood, at: step)
        case .refuseEverything, .acceptEverything, .slowBytes, .passwordChange, .keyboardInteractive, .endlessPrompts,
            .partialSuccess:
            return nil
        }
    }

    private init(_ moment: HandshakingScenario.RekeyMoment) {
        let kind = "rekey_with_other_key"
        switch moment {
        case .channelOpen: self.init(kind: kind, step: "channelOpened")
        case .bytes(let count): self.init(kind: kind, step: "later", bytes: count)
        case .afterLogin(let delay): self.init(kind: kind, step: "later", seconds: delay / .seconds(1))
        }
    }

    private init(_ flood: HandshakingScenario.ChannelFlood, at step: HandshakingScenario.Step?) {
        let needsChannel = flood == .emptyData || flood == .windowAdjust
        let earliest = needsChannel ? "channelOpened" : HandshakingScenario.Step.authenticationSuccess.rawValue
        self.init(kind: "channel_flood", step: step?.rawValue ?? earliest, flood: flood)
    }
}
