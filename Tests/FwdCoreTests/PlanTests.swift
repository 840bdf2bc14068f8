import FwdCore
import Testing

@Suite struct PlanTests {
    private let old: GatewayConfiguration

    init() throws {
        old = GatewayConfiguration(
            name: "g", host: "h", login: LoginConfiguration(user: "u"),
            forwards: [
                ForwardConfiguration(name: "a", spec: try ForwardSpec(parsing: "-L 1:x:1")),
                ForwardConfiguration(name: "b", spec: try ForwardSpec(parsing: "-L 2:x:1")),
            ])
    }

    private func step(_ current: GatewayConfiguration?, _ desired: GatewayConfiguration?, refused: Bool = false)
        -> GatewayPlan.Step?
    {
        func byName(_ configuration: GatewayConfiguration?) -> [String: GatewayConfiguration] {
            configuration.map { [$0.name: $0] } ?? [:]
        }
        let plan = Plan(current: byName(current), desired: byName(desired), refused: refused ? ["g"] : [])
        #expect(plan.gateways.count <= 1)
        return plan.gateways.first?.step
    }

    @Test func aGatewayComesStaysAndGoes() {
        #expect(step(nil, old) == .start(old))
        #expect(step(old, old) == .keep)
        #expect(step(old, nil) == .stop)
        #expect(step(nil, nil) == nil)
    }

    @Test func whatARefusedGatewayIsReachedThroughStays() {
        func gateway(_ name: String, via jump: String? = nil) -> GatewayConfiguration {
            let route = jump.map { Route.via($0) } ?? .direct()
            return GatewayConfiguration(name: name, host: "h", login: LoginConfiguration(user: "u"), route: route)
        }
        let running = [
            gateway("a", via: "jump-b"), gateway("jump-b", via: "jump-c"), gateway("jump-c"), gateway("other"),
        ]
        let current = Dictionary(uniqueKeysWithValues: running.map { ($0.name, $0) })
        let plan = Plan(current: current, desired: [:], refused: ["a"])
        #expect(plan.gateways == [GatewayPlan(gateway: "other", step: .stop)])
    }

    @Test func aRefusedFileChangesNothing() {
        #expect(step(old, nil, refused: true) == nil)
        #expect(step(nil, nil, refused: true) == nil)
    }

    @Test(
        arguments: [
            { $0.host = "i" }, { $0.port = 23 }, { $0.login.user = "v" },
            { $0.login.identities = [IdentityConfiguration("/k")] }, { $0.route = .via("h") },
            { $0.trust.pins = [HostKeyPin(type: "ssh-rsa", fingerprint: "SHA256:x")] },
        ] as [@Sendable (inout GatewayConfiguration) -> Void])
    func anotherLoginRestartsTheSession(change: @Sendable (inout GatewayConfiguration) -> Void) {
        var new = old
        change(&new)
        new.forwards = []
        #expect(step(old, new) == .restart(new))
    }

    @Test func otherForwardsLeaveTheSessionAlone() throws {
        var new = old
        new.forwards[0].hold = .seconds(1)
        let added = ForwardConfiguration(name: "c", spec: try ForwardSpec(parsing: "-R 3:x:1"))
        new.forwards.append(added)
        #expect(step(old, new) == .update(new, started: ["c"], stopped: [], changed: ["a"], kept: ["b"]))
        #expect(step(new, old) == .update(old, started: [], stopped: ["c"], changed: ["a"], kept: ["b"]))
        new.forwards = [added]
        #expect(step(old, new) == .update(new, started: ["c"], stopped: ["a", "b"], changed: [], kept: []))
    }

    @Test func anotherOrderOfForwardsKeepsThemAll() {
        var new = old
        new.forwards.reverse()
        #expect(step(old, new) == .update(new, started: [], stopped: [], changed: [], kept: ["b", "a"]))
    }

    @Test func gatewaysAreInOrderOfTheirNames() {
        let named = ["z", "a", "m"].map {
            GatewayConfiguration(name: $0, host: "h", login: LoginConfiguration(user: "u"))
        }
        let desired = Dictionary(uniqueKeysWithValues: named.map { ($0.name, $0) })
        #expect(Plan(current: [:], desired: desired, refused: []).gateways.map(\.gateway) == ["a", "m", "z"])
    }
}
