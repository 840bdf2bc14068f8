import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// `fwd doctor` ends in less than 10 s, whatever does not answer.
@Suite(.serialized) struct DoctorTimeTests {
    @Test func aSupervisorAnAgentAndATargetThatDoNotAnswerTakeLessThanTenSeconds() async throws {
        try await Self.withSilence { fixture, hole, agent in
            let forwards = "  web: -L \(FreePorts.next()):127.0.0.1:\(hole.port)\n"
            try fixture.write("site", await Self.asking(agent, fixture, fixture.gateway(forwards: forwards)))
            let answer = try await fixture.doctor()
            #expect(answer.isInTime)
            let login = try answer.step(.login)
            #expect(login.outcome == .ok)
            #expect(login.details.contains { $0.contains("has not answered within 5 s") }, "\(login)")
            #expect(try answer.step(.target, "web").finding.contains("did not answer the gateway within"))
        }
    }

    @Test func whatThereIsNoTimeForIsSaid() async throws {
        try await HostileServer.with(.silent) { silent in
            try await Self.withSilence { fixture, _, agent in
                let text = fixture.gateway(forwards: "  web: -L \(FreePorts.next()):127.0.0.1:1\n")
                    .replacing("port: \(fixture.server.port)", with: "port: \(silent.port)")
                try fixture.write("site", await Self.asking(agent, fixture, text))
                let answer = try await fixture.doctor()
                #expect(answer.isInTime)
                #expect(answer.result.exit == .exited(1))
                #expect(try answer.step(.banner).outcome == .failed)
                for name in [DoctorStep.Name.listener, .target] {
                    let step = try answer.step(name, "web")
                    #expect((step.outcome, step.finding) == (.skipped, "no time left"))
                }
            }
        }
    }

    @Test func anSSHConfigThatWaitsForSomethingIsFoundInTime() async throws {
        try await CommandFixture.with { fixture in
            let config = try fixture.directory.write("Match exec \"sleep 100\"\n  Port 1\n", to: "config")
            let text = fixture.gateway().replacing("ssh-config: none", with: "ssh-config: \(config)")
            try fixture.write("site", text)
            let answer = try await fixture.doctor()
            #expect(answer.isInTime)
            #expect(answer.result.exit == .exited(78))
            #expect(answer.report.steps.map(\.outcome) == [.failed])
            #expect(answer.report.steps[0].finding.hasPrefix("ssh -G has not said within 4 s"))
        }
    }

    // MARK: - Steps

    /// A supervisor and an agent that have stopped, and a target behind a firewall that drops.
    private static func withSilence(
        _ body: (CommandFixture, BlackHole, SSHAgentFixture) async throws -> Void
    ) async throws {
        try await BlackHole.with { hole in
            try await SSHAgentFixture.with { agent in
                try await CommandFixture.with { fixture in
                    try await fixture.running { process in
                        process.send(SIGSTOP)
                        try await agent.pause()
                        try await body(fixture, hole, agent)
                        agent.resume()
                        process.send(SIGCONT)
                    }
                }
            }
        }
    }

    /// With one key that only the agent has, and one that works without.
    private static func asking(_ agent: SSHAgentFixture, _ fixture: CommandFixture, _ text: String) async throws
        -> String
    {
        let held = try await SSHKey.shared(.ed25519, name: "held").path
        return text.replacing("agent: none", with: "agent: \(agent.socketPath)")
            .replacing(
                "identity: \(fixture.server.identityPath)",
                with: "identity: [\(held).pub, \(fixture.server.identityPath)]")
    }
}
