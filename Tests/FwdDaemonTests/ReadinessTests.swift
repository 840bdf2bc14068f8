import FwdCore
import Testing

@testable import FwdDaemon

@Suite struct ReadinessTests {
    typealias Reason = Readiness.Reason

    static let berlinIsDown = [
        Reason(gateway: "berlin", state: "backingOff", message: "the server closed the connection"),
        Reason(
            gateway: "berlin", forward: "home", state: "waiting", message: "the server closed the connection"),
    ]

    @Test func nothingConfiguredIsReady() {
        var snapshot = Samples.snapshot
        snapshot.gateways = []
        #expect(Readiness(of: snapshot) == Readiness(reasons: []))
        #expect(Readiness(of: snapshot).ready)
    }

    @Test func theWholeNamesEveryGatewayAndForwardThatIsNotUp() {
        #expect(Readiness(of: Samples.snapshot) == Readiness(reasons: Self.berlinIsDown))
    }

    @Test func disabledForwardsDoNotCount() {
        #expect(Readiness(of: "amsterdam", in: Samples.snapshot) == Readiness(reasons: []))
    }

    @Test func aGatewayAnswersForItselfAlone() {
        #expect(Readiness(of: "berlin", in: Samples.snapshot) == Readiness(reasons: Self.berlinIsDown))
        #expect(Readiness(of: "cairo", in: Samples.snapshot) == nil)
    }

    @Test(
        arguments: [
            ("amsterdam/db", true), ("amsterdam/old", false), ("berlin/home", false), ("berlin/x", nil),
            ("cairo/x", nil),
        ] as [(String, Bool?)])
    func aForwardAnswersForItselfAlone(_ name: String, _ isReady: Bool?) throws {
        let id = try #require(ForwardID(name))
        #expect(Readiness(of: id, in: Samples.snapshot)?.ready == isReady)
    }

    @Test(arguments: [ForwardState.degraded, .parked])
    func aForwardThatIsNotUpSaysWhy(_ state: ForwardState) {
        var snapshot = Samples.snapshot
        let cause = Cause(.remoteListen, "port 1 is in use at the far side")
        snapshot.gateways = [Samples.amsterdam]
        snapshot.gateways[0].forwards = [Samples.forward("db", .remote, state, cause: cause)]
        let reason = Reason(gateway: "amsterdam", forward: "db", state: state.rawValue, message: cause.message)
        #expect(Readiness(of: snapshot).reasons == [reason])
    }

    @Test(arguments: GatewayState.allCases)
    func aGatewayIsReadyOnlyWhileItIsUp(_ state: GatewayState) {
        var snapshot = Samples.snapshot
        snapshot.gateways = [Samples.amsterdam]
        snapshot.gateways[0].state = state
        #expect(Readiness(of: snapshot).ready == (state == .up))
    }

    @Test func aRefusedFileCountsAgainstItsGatewayAndTheWhole() throws {
        var snapshot = Samples.snapshot
        let line = "/d/amsterdam.yaml:3:5: unknown key"
        snapshot.gateways = [Samples.amsterdam]
        snapshot.configuration = Samples.configuration(refused: ["amsterdam", "cairo"], errors: [line])
        let amsterdam = Reason(gateway: "amsterdam", state: "refused", message: line)
        let cairo = Reason(gateway: "cairo", state: "refused", message: "the gateway's file was refused")
        #expect(Readiness(of: snapshot).reasons == [amsterdam, cairo])
        #expect(Readiness(of: "amsterdam", in: snapshot)?.reasons == [amsterdam])
        #expect(Readiness(of: "cairo", in: snapshot)?.reasons == [cairo])
        #expect(Readiness(of: try #require(ForwardID("amsterdam/db")), in: snapshot)?.ready == true)
        #expect(Readiness(of: try #require(ForwardID("cairo/x")), in: snapshot)?.reasons == [cairo])
    }

    @Test func aDirectoryThatCannotBeReadCountsAgainstTheWhole() {
        var snapshot = Samples.snapshot
        snapshot.gateways = []
        snapshot.configuration = Samples.configuration(errors: ["cannot read the directory /d"])
        #expect(
            Readiness(of: snapshot).reasons == [Reason(state: "refused", message: "cannot read the directory /d")])
    }
}
