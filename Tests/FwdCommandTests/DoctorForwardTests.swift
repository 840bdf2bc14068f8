import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// `fwd doctor` about forwards: what a server forbids, targets that do not answer, ports that are taken.
@Suite(.serialized) struct DoctorForwardTests {
    // MARK: - Permission

    /// The lines of sshd_config that forbid it.
    @Test(arguments: ["AllowTcpForwarding no", "PermitOpen 127.0.0.1:1", "AllowTcpForwarding remote"])
    func aForbiddenTargetIsMendedByTheLinesOfSSHDConfig(_ forbidding: String) async throws {
        try await CommandFixture.with(SSHDOptions(configuration: [forbidding])) { fixture in
            try await TargetServer.with(.echo) { target in
                let forwards = "  web: -L \(FreePorts.next()):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let step = try await fixture.doctor().expectFailure(.target, "web")
                #expect(step.finding.contains("forbidden by the server (AllowTcpForwarding, PermitOpen or permitopen)"))
                let lines = try #require(step.remedies.first?.lines)
                #expect(lines.prefix(2) == ["AllowTcpForwarding local", "PermitOpen 127.0.0.1:\(target.port)"])
                try await fixture.server.restart(configuration: lines)
                try await fixture.expectHealthy()
            }
        }
    }

    @Test func aTargetThatTheKeysLineForbidsIsMendedByTheLineOfAuthorizedKeys() async throws {
        try await CommandFixture.with(SSHDOptions(keyOptions: "permitopen=\"127.0.0.1:1\"")) { fixture in
            try await TargetServer.with(.echo) { target in
                let forwards = "  web: -L \(FreePorts.next()):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let step = try await fixture.doctor().expectFailure(.target, "web")
                try fixture.server.authorize(try #require(step.remedies.last?.lines))
                try await fixture.expectHealthy()
            }
        }
    }

    @Test func aForbiddenListenerIsMendedByTheLines() async throws {
        try await CommandFixture.with(SSHDOptions(configuration: ["PermitListen 1"])) { fixture in
            try await TargetServer.with(.echo) { target in
                let port = FreePorts.next()
                let forwards = "  home: -R \(port):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let step = try await fixture.doctor().expectFailure(.listener, "home")
                #expect(step.finding.contains("the server does not allow to listen on localhost:\(port)"))
                let lines = try #require(step.remedies.first?.lines)
                #expect(lines.contains("PermitListen localhost:\(port)"))
                try await fixture.server.restart(configuration: lines)
                try await fixture.expectHealthy()
                try await eventually("the server listens no more") { FreePorts.isFree(port) }
            }
        }
    }

    @Test func aDynamicForwardIsWalkedToWhatItsProbeNames() async throws {
        try await CommandFixture.with(SSHDOptions(configuration: ["PermitOpen 127.0.0.1:1"])) { fixture in
            try await TargetServer.with(.echo) { target in
                let port = FreePorts.next()
                try fixture.write("site", fixture.gateway(forwards: "  d: -D \(port)\n"))
                let open = try await fixture.doctor()
                #expect(open.report.isHealthy, "\(open.report.steps)")
                #expect(try open.step(.target, "d").finding.hasPrefix("clients choose"))
                #expect(try open.step(.listener, "d").finding.contains("localhost:\(port) is free here"))
                let probe = "probe: {to: \"127.0.0.1:\(target.port)\"}"
                try fixture.write("site", fixture.gateway(forwards: "  d: {spec: -D \(port), \(probe)}\n"))
                let step = try await fixture.doctor().expectFailure(.target, "d")
                let lines = try #require(step.remedies.first?.lines)
                #expect(lines.prefix(2) == ["AllowTcpForwarding local", "PermitOpen any"])
                try await fixture.server.restart(configuration: lines)
                try await fixture.expectHealthy()
            }
        }
    }

    // MARK: - Ends

    @Test func targetsThatRefuseAndThatSwallowAreFoundInTime() async throws {
        try await BlackHole.with { hole in
            try await CommandFixture.with { fixture in
                let closed = FreePorts.next()
                let forwards = """
                      dead: -L \(FreePorts.next()):127.0.0.1:\(closed)
                      hole: -L \(FreePorts.next()):127.0.0.1:\(hole.port)
                      void: -L \(FreePorts.next()):127.0.0.1:\(hole.port)
                      here: -R 0:127.0.0.1:\(closed)

                    """
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let answer = try await fixture.doctor()
                #expect(answer.isInTime)
                #expect(answer.result.exit == .exited(1))
                let dead = try answer.step(.target, "dead")
                // The server's own word, "Connection refused", is lost to a stock libssh2.
                #expect(dead.finding.hasPrefix("127.0.0.1:\(closed) cannot be reached from the gateway: "))
                #expect(dead.remedies.map(\.place) == ["on 127.0.0.1, until it answers"])
                #expect(dead.lines == ["nc -vz 127.0.0.1 \(closed)"])
                for name in ["hole", "void"] {
                    let step = try answer.step(.target, name)
                    #expect(step.finding == "127.0.0.1:\(hole.port) did not answer the gateway within 3 s")
                }
                let here = try answer.step(.target, "here")
                #expect(here.finding.hasPrefix("127.0.0.1:\(closed) cannot be reached from here: connection refused"))
                #expect(here.remedies.map(\.place) == ["here, until it answers"])
            }
        }
    }

    @Test func aPortThatAnotherProgramHasIsFoundWithItsHolder() async throws {
        try await CommandFixture.with { fixture in
            try await TargetServer.with(.echo) { target in
                let forwards = "  web: -L \(target.port):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let step = try await fixture.doctor().expectFailure(.listener, "web")
                #expect(step.finding == "cannot listen on localhost:\(target.port): address already in use")
                #expect(step.details.count == 1)
                #expect(step.details.first?.hasSuffix("(pid \(getpid())) listens there") == true, "\(step.details)")
                #expect(step.lines == ["ss -ltnp 'sport = :\(target.port)'"])
            }
        }
    }

    @Test func aPortAtTheServerThatAnotherProgramHasIsFound() async throws {
        try await CommandFixture.with { fixture in
            try await TargetServer.with(.greeting("busy")) { target in
                let forwards = "  home: -R 127.0.0.1:\(target.port):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let step = try await fixture.doctor().expectFailure(.listener, "home")
                #expect(step.finding.hasSuffix("is in use at the server, by another program or session"))
                #expect(step.lines == ["ss -ltnp 'sport = :\(target.port)'"])
            }
        }
    }

    @Test func oneForwardIsExaminedAlone() async throws {
        try await CommandFixture.with { fixture in
            let forwards = "  a: -L \(FreePorts.next()):127.0.0.1:1\n  b: -R 0:127.0.0.1:\(fixture.server.port)\n"
            try fixture.write("site", fixture.gateway(forwards: forwards))
            let answer = try await fixture.doctor("site/b")
            #expect(answer.report.steps.compactMap(\.forward) == ["b", "b"])
            #expect(answer.result.exit == .exited(0))
        }
    }

    // MARK: - Beside a supervisor

    @Test func whatTheSupervisorHoldsIsLeftToIt() async throws {
        try await CommandFixture.with { fixture in
            try await TargetServer.with(.echo) { target in
                let (near, far) = (FreePorts.next(), FreePorts.next())
                let end = "127.0.0.1:\(target.port)\n"
                let forwards = "  web: -L \(near):\(end)  home: -R \(far):\(end)"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                try await fixture.running { _ in
                    let retried = try await fixture.fwd(["retry", "site"])
                    #expect(retried.output == "site: up\n")
                    let answer = try await fixture.doctor()
                    #expect(answer.report.isHealthy, "\(answer.report.steps)")
                    #expect(try answer.step(.supervisor).finding == "up")
                    #expect(try answer.step(.listener, "web").finding.hasSuffix("is held by the supervisor"))
                    let listener = try answer.step(.listener, "home")
                    #expect(
                        listener.finding == "the supervisor's session listens on localhost:\(far) at the server")
                    try await StreamClient.with(port: far) { client in
                        try await client.send("hello")
                        #expect(await client.receive(count: 5) == "hello")
                    }
                }
            }
        }
    }

    @Test func aFileThatTheSupervisorDoesNotRunYetIsMendedByAReload() async throws {
        try await CommandFixture.with { fixture in
            try await fixture.running { _ in
                _ = try await fixture.fwd(["retry", "site"])
                let forwards = "  home: -R 0:127.0.0.1:\(fixture.server.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let answer = try await fixture.doctor()
                let step = try answer.expectFailure(.supervisor)
                #expect(step.details.contains { $0.contains("+home") }, "\(step.details)")
                #expect(step.lines == ["fwd reload"])
                #expect(try answer.step(.listener, "home").finding.hasPrefix("the server listened on localhost:"))
                _ = try await fixture.fwd(["reload"])
                try await eventually("site/home is up") { try await fixture.forward("site/home")?.state == .up }
                try await fixture.expectHealthy()
            }
        }
    }

    @Test func whereTheSupervisorIsParkedTheLoginIsTriedOnceMore() async throws {
        try await CommandFixture.with(SSHDOptions(authorizesUserKey: false)) { fixture in
            try await fixture.running { _ in
                _ = try await fixture.fwd(["retry", "site"])
                let before = fixture.connectionCount
                let answer = try await fixture.doctor()
                #expect(fixture.connectionCount == before + 1)
                let supervisor = try answer.step(.supervisor)
                #expect(supervisor.finding.hasPrefix("parked: the server refused to log in"))
                #expect(supervisor.lines == ["fwd retry site"])
                try fixture.server.authorize(try answer.step(.login).lines)
                _ = try await fixture.fwd(["retry", "site"])
                try await fixture.expectHealthy()
            }
        }
    }

    @Test func aSupervisorThatDoesNotAnswerHoldsNothingUp() async throws {
        try await CommandFixture.with { fixture in
            try await fixture.running { process in
                process.send(SIGSTOP)
                let answer = try await fixture.doctor()
                process.send(SIGCONT)
                let step = try answer.expectFailure(.supervisor)
                #expect(step.finding.hasSuffix("does not answer"))
                #expect(try answer.step(.login).outcome == .ok)
            }
        }
    }
}
