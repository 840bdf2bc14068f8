import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// `fwd doctor` at real servers: which step fails, and what mends it.
@Suite(.serialized) struct DoctorWalkTests {
    @Test func whereAllIsWellEachStepIsOkAndTheServerSeesOneLogin() async throws {
        try await CommandFixture.with { fixture in
            try await TargetServer.with(.echo) { target in
                let port = FreePorts.next()
                let forwards = "  web: -L \(port):127.0.0.1:\(target.port)\n  home: -R 0:127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let answer = try await fixture.doctor()
                #expect(
                    answer.outcomes == [
                        "site configuration ok", "site supervisor skipped", "site dns ok", "site tcp ok",
                        "site banner ok", "site keyExchange ok", "site hostKey ok", "site login ok",
                        "web listener ok", "web target ok", "home listener ok", "home target ok",
                    ])
                #expect(answer.result.exit == .exited(0))
                #expect(try answer.step(.tcp).finding == "127.0.0.1:\(fixture.server.port)")
                #expect(try answer.step(.hostKey).finding == "\(fixture.server.hostKeyPins[0]) (pin)")
                #expect(try answer.step(.banner).finding.hasPrefix("SSH-2.0-OpenSSH_"))
                #expect(fixture.connectionCount == 1)
                #expect(FreePorts.isFree(port))
                let printed = try await fixture.fwd(["doctor", "site"])
                #expect(printed.exit == .exited(0))
                #expect(printed.errors.contains("site: nothing to mend; "))
                #expect(printed.output.split(separator: "\n").count == 12, "\(printed.output)")
                #expect(!printed.output.contains("\u{1B}"))
            }
        }
    }

    // MARK: - The way

    @Test func aNameThatDoesNotResolveIsFound() async throws {
        try await CommandFixture.with { fixture in
            // Too long for DNS, so that nobody is asked.
            let name = String(repeating: "x", count: 64)
            try fixture.write("site", fixture.gateway().replacing("host: 127.0.0.1", with: "host: \(name)"))
            let step = try await fixture.doctor().expectFailure(.dns)
            #expect(step.finding.hasPrefix("cannot resolve \(name): "))
            #expect(step.lines == ["getent ahosts \(name)"])
        }
    }

    @Test func aPortWhereNobodyListensIsFound() async throws {
        try await CommandFixture.with { fixture in
            let port = FreePorts.next()
            let text = fixture.gateway().replacing("port: \(fixture.server.port)", with: "port: \(port)")
            try fixture.write("site", text)
            let step = try await fixture.doctor().expectFailure(.tcp)
            #expect(step.finding == "cannot connect: connection refused by 127.0.0.1:\(port)")
            #expect(step.lines == ["ss -ltnp 'sport = :\(port)'"])
        }
    }

    @Test func anAddressThatSwallowsConnectionsIsFoundInTime() async throws {
        try await BlackHole.with { hole in
            try await CommandFixture.with { fixture in
                let text = fixture.gateway().replacing("port: \(fixture.server.port)", with: "port: \(hole.port)")
                try fixture.write("site", text)
                let step = try await fixture.doctor().expectFailure(.tcp)
                #expect(step.finding == "cannot connect: no answer in time by 127.0.0.1:\(hole.port)")
            }
        }
    }

    @Test func everyAddressThatDoesNotAnswerIsToldOf() async throws {
        if geteuid() != 0 { return print("skipped: a name with two addresses needs a mount of its own, and so root") }
        var options = SSHDOptions.standard
        options.address = "127.0.0.9"
        try await CommandFixture.with(options) { fixture in
            let hosts = try fixture.directory.write("127.0.0.9 two.test\n127.0.0.1 two.test\n", to: "hosts")
            try fixture.write("site", fixture.gateway().replacing("host: 127.0.0.1", with: "host: two.test"))
            let wrapper = ["-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts]
            let command = try wrapper + [FwdProcess.path(), "doctor", "site", "--json"] + fixture.common
            let result = try await ProcessRun.run("unshare", command)
            let answer = try DoctorAnswer(result, took: .zero)
            let step = try answer.step(.tcp)
            #expect(step.finding == "127.0.0.9:\(fixture.server.port)")
            // getaddrinfo sorts it to the front: it is the nearest to the address that would connect.
            #expect(step.details == ["connection refused by 127.0.0.1:\(fixture.server.port)"])
            #expect(fixture.connectionCount == 1)
        }
    }

    @Test func aServerThatCannotBeReachedIsNotTheLast() async throws {
        try await CommandFixture.with { fixture in
            let text = fixture.gateway().replacing("host: 127.0.0.1", with: "host: [127.0.0.9, 127.0.0.1]")
            try fixture.write("site", text)
            let answer = try await fixture.doctor()
            let step = try answer.expectFailure(.tcp)
            #expect(step.finding == "cannot connect: connection refused by 127.0.0.9:\(fixture.server.port)")
            #expect(answer.outcomes.last == "site login ok")
            #expect(fixture.connectionCount == 1)
        }
    }

    @Test func aServerThatSaysNothingIsFoundInTime() async throws {
        try await HostileServer.with(.silent) { silent in
            try await CommandFixture.with { fixture in
                let text = fixture.gateway().replacing("port: \(fixture.server.port)", with: "port: \(silent.port)")
                try fixture.write("site", text)
                let step = try await fixture.doctor().expectFailure(.banner)
                #expect(step.finding == "the server accepted the connection and said nothing within 3 s")
                #expect(step.lines == ["ss -ltnp 'sport = :\(silent.port)'", "journalctl -u ssh -n 50"])
                #expect(silent.connections.count == 1)
            }
        }
    }

    @Test func anotherHostKeyIsFoundAndNothingIsSentToLogIn() async throws {
        try await CommandFixture.with { fixture in
            let other = try await SSHKey.shared(.ed25519, name: "another-host").pin
            let pin = fixture.server.hostKeyPins[0]
            try fixture.write("site", fixture.gateway(hostKey: other.description))
            let answer = try await fixture.doctor()
            let step = try answer.expectFailure(.hostKey)
            #expect(step.finding.hasPrefix("HOST KEY MISMATCH: expected \(other), offered \(pin)"))
            #expect(step.lines == ["fwd trust site --replace --expect \(pin.fingerprint)"])
            #expect(try answer.step(.login).outcome == .skipped)
            let mended = try await fixture.fwd(["trust", "site", "--replace", "--expect", pin.fingerprint])
            #expect(mended.exit == .exited(0), "\(mended.errors)")
            try await fixture.expectHealthy()
        }
    }

    @Test func aKeyThatIsNotAuthorizedIsMendedByTheLine() async throws {
        try await CommandFixture.with(SSHDOptions(authorizesUserKey: false)) { fixture in
            try await TargetServer.with(.echo) { target in
                let forwards = "  web: -L \(FreePorts.next()):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let answer = try await fixture.doctor()
                let step = try answer.expectFailure(.login)
                #expect(step.finding.contains("is the public key in \(fixture.server.user)'s authorized_keys there?"))
                #expect(step.details == ["key file \(fixture.server.identityPath): refused"])
                #expect(try answer.step(.listener, "web").outcome == .ok)
                #expect(try answer.step(.target, "web").outcome == .skipped)
                try fixture.server.authorize(step.lines)
                try await fixture.expectHealthy()
            }
        }
    }

    @Test func aKeyFileThatOthersCanReadIsMendedByTheCommand() async throws {
        try await CommandFixture.with { fixture in
            let key = try await SSHKey.generate(.ed25519, at: fixture.directory.file("key"))
            try fixture.server.authorize([key.publicLine])
            chmod(key.path, 0o644)
            try fixture.write("site", fixture.gateway().replacing(fixture.server.identityPath, with: key.path))
            let step = try await fixture.doctor().expectFailure(.login)
            #expect(step.lines == ["chmod 600 \(key.path)"])
            #expect(fixture.connectionCount == 0, "a connection that does not log in counts at the server")
            chmod(key.path, 0o600)
            try await fixture.expectHealthy()
        }
    }

    // MARK: - Jumps and commands

    @Test(arguments: [(0, ""), (3, "no way")])
    func aProxyCommandIsTheConnection(_ status: Int, _ word: String) async throws {
        try await CommandFixture.with { fixture in
            let ssh = (["ssh"] + fixture.server.sshArguments(["-W", "127.0.0.1:\(fixture.server.port)"]))
                .joined(separator: " ")
            let command = status == 0 ? ssh : "sh -c 'echo \(word) >&2; exit \(status)'"
            let config = try fixture.directory.write("ProxyCommand \(command)\n", to: "config")
            let text = fixture.gateway().replacing("ssh-config: none", with: "ssh-config: \(config)")
            try fixture.write("site", text)
            if status == 0 { return try await fixture.expectHealthy() }
            let step = try await fixture.doctor().expectFailure(.banner)
            #expect(step.finding == "the proxy command ended with status \(status): \(word)")
            #expect(step.lines == [command])
        }
    }

    @Test func theWayLeadsThroughTheJump() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("outer", fixture.gateway())
            try fixture.write("site", fixture.gateway(more: "  known-hosts: none\n  via: outer\n"))
            let answer = try await fixture.doctor()
            #expect(answer.report.isHealthy, "\(answer.report.steps)")
            let way = ["dns", "tcp", "banner", "keyExchange", "hostKey", "login"]
            let inner = ["site dns skipped"] + way.dropFirst().map { "site \($0) ok" }
            #expect(answer.outcomes.dropFirst(2) == (way.map { "outer \($0) ok" } + inner)[...])
            #expect(fixture.connectionCount == 2)
        }
    }

    @Test func aJumpThatForbidsTheWayIsMendedAtTheJump() async throws {
        try await CommandFixture.with(SSHDOptions(configuration: ["PermitOpen 127.0.0.1:1"])) { fixture in
            try fixture.write("outer", fixture.gateway())
            try fixture.write("site", fixture.gateway(more: "  known-hosts: none\n  via: outer\n"))
            let step = try await fixture.doctor().expectFailure(.tcp)
            #expect(step.finding.hasPrefix("through outer: 127.0.0.1:\(fixture.server.port) cannot be reached"))
            let lines = try #require(step.remedies.first?.lines)
            #expect(lines.contains("PermitOpen 127.0.0.1:\(fixture.server.port)"))
            try await fixture.server.restart(configuration: lines)
            try await fixture.expectHealthy()
        }
    }

    // MARK: - The file

    @Test func aFileThatCannotBeUsedHasTheCodeForConfiguration() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("bad", "gateway:\n  hots: a\n")
            for (target, word) in [("bad", "hots"), ("nobody", "nobody"), ("site/nothing", "nothing")] {
                let answer = try await fixture.doctor(target)
                #expect(answer.result.exit == .exited(78), "\(target)")
                let step = try #require(answer.report.steps.first)
                #expect(answer.report.steps.count == 1)
                #expect((step.step, step.outcome) == (.configuration, .failed))
                #expect(([step.finding] + step.details).joined().contains(word), "\(step)")
                #expect(!step.lines.isEmpty)
            }
        }
    }
}
