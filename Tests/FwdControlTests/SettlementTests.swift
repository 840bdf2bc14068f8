import FwdCore
import FwdTestSupport
import Testing

@testable import FwdControl

@Suite struct SettlementTests {
    static let lost = Cause(.lost, "the server went away")

    @Test(arguments: [
        (ForwardState.up, GatewayState.up, nil, true), (.degraded, .up, nil, true), (.parked, .up, nil, true),
        (.disabled, .connecting, nil, true), (.waiting, .up, nil, false), (.waiting, .connecting, nil, false),
        (.waiting, .backingOff, lost, true), (.waiting, .parked, lost, true), (.waiting, .backingOff, nil, false),
        (.waiting, .stopped, nil, false),
    ])
    func aForwardIsSettledWhenItsOutcomeIsKnown(
        _ forward: ForwardState, _ gateway: GatewayState, _ cause: Cause?, _ isSettled: Bool
    ) throws {
        var snapshot = StatusSnapshot.empty
        snapshot.gateways = [.make("a", gateway, cause: cause, [.make("x", forward)])]
        let reply = try Settlement(gateway: "a", forward: "x").look(at: snapshot)
        #expect(reply.isSettled == isSettled)
        #expect(reply.forward?.name == "x")
    }

    @Test func aForwardThatIsUpIsSettledWhenItsFirstProbeHasEnded() throws {
        var forward = ForwardStatus.make("x", .up)
        for (awaitsProbe, isSettled) in [(true, false), (nil, true)] as [(Bool?, Bool)] {
            forward.awaitsProbe = awaitsProbe
            var snapshot = StatusSnapshot.empty
            snapshot.gateways = [.make("a", .up, [forward])]
            #expect(try Settlement(gateway: "a", forward: "x").look(at: snapshot).isSettled == isSettled)
        }
    }

    @Test(arguments: [
        (GatewayState.up, ForwardState.up, nil, true), (.up, .degraded, nil, true), (.up, .waiting, nil, false),
        (.parked, .waiting, lost, true), (.backingOff, .waiting, lost, true), (.connecting, .waiting, lost, false),
    ])
    func aGatewayIsSettledWhenAllItsForwardsAre(
        _ gateway: GatewayState, _ forward: ForwardState, _ cause: Cause?, _ isSettled: Bool
    ) throws {
        var snapshot = StatusSnapshot.empty
        snapshot.gateways = [.make("a", gateway, cause: cause, [.make("x", forward)])]
        #expect(try Settlement(gateway: "a", forward: nil).look(at: snapshot).isSettled == isSettled)
    }

    @Test func waitingEndsWithTheChangeThatSettles() async throws {
        let backend = BackendStub(gateways: [.make("a", .connecting, [.make("x", .waiting)])])
        try await ControlServerFixture.with(backend) { server in
            try await ControlClient.with(path: server.path) { client in
                async let reply = client.settled(
                    forward: ForwardID(gateway: "a", forward: "x"), timeout: .seconds(60))
                // Each change is a chance; only the last one settles.
                backend.change { $0.gateways = [.make("a", .authenticating, [.make("x", .waiting)])] }
                backend.change { $0.gateways = [.make("a", .up, [.make("x", .up)])] }
                let settled = try await reply
                #expect(settled.isSettled)
                #expect(settled.forward?.state == .up)
            }
        }
    }

    @Test func waitingEndsAtTheTimeout() async throws {
        let backend = BackendStub(gateways: [.make("a", .connecting)])
        try await ControlServerFixture.with(backend) { server in
            let reply = try await ControlClient.with(path: server.path) {
                try await $0.settled(gateway: "a", timeout: .milliseconds(50))
            }
            #expect(!reply.isSettled)
            #expect(reply.gateway.state == .connecting)
        }
    }

    @Test func waitingEndsWhenTheForwardIsRemoved() async throws {
        let backend = BackendStub(gateways: [.make("a", .connecting, [.make("x", .waiting)])])
        let settlement = Settlement(gateway: "a", forward: "x")
        async let removal: Void = backend.change { $0.gateways = [] }
        await #expect(throws: ControlError(.notFound, "no gateway \"a\" runs")) {
            try await settlement.wait(for: .seconds(60), in: backend)
        }
        await removal
    }

    @Test func waitingEndsWhenTheSupervisorEnds() async throws {
        let backend = BackendStub(gateways: [.make("a", .connecting)])
        let settlement = Settlement(gateway: "a", forward: nil)
        async let end: Void = backend.broadcast.finish()
        await #expect(throws: ControlError(.shuttingDown, "the supervisor is shutting down")) {
            try await settlement.wait(for: .seconds(60), in: backend)
        }
        await end
    }

    @Test func aListenerHearsOfChangesFromTheMomentItListens() async {
        let broadcast = ChangeBroadcast()
        var first = broadcast.listen().makeAsyncIterator()
        let second = broadcast.listen()
        broadcast.notify()
        broadcast.notify()
        #expect(await first.next() != nil)
        broadcast.finish()
        #expect(await first.next() == nil)
        var heard = 0
        for await _ in second { heard += 1 }
        #expect(heard == 1)
        for await _ in broadcast.listen() { Issue.record("a finished broadcast must not speak") }
    }
}
