import FwdCore
import FwdTestSupport
import FwdTunnel
import Glibc
import NIOPosix
import Testing

@Suite("Logging in: the agent") struct AgentTests {
    @Test("an agent that is stopped while it signs delays its own gateway and no other of the same loop")
    func delaysOnlyItsOwn() async throws {
        try await TemporaryDirectory.with { directory in
            // The agent asks before it signs, so that it can be stopped in the middle of that.
            let (asked, answer) = (directory.file("asked"), directory.file("answer"))
            let askpass = try directory.write(
                "#!/bin/sh\ntouch \(asked)\nwhile ! [ -e \(answer) ]; do sleep 0.05; done\n", to: "askpass")
            chmod(askpass, 0o755)
            let target = try await TargetServer.start(.exchange)
            try await SSHAgentFixture.with(askpass: askpass) { agent in
                try await SSHDFixture.with { sshd in
                    try await agent.add(sshd.userKey, asks: true)
                    let loop = MultiThreadedEventLoopGroup.singleton.next()
                    var waiting = sshd.gatewayConfiguration(name: "waiting")
                    waiting.login = ofAgent(agent, sshd)
                    let other = sshd.gatewayConfiguration(name: "other", forwards: [.local(port: 0, to: target.port)])
                    try await GatewayFixture.with(waiting, on: loop) { waiting in
                        try await eventually("the agent is signing") { access(asked, F_OK) == 0 }
                        try await agent.pause()
                        try await GatewayFixture.with(other, on: loop) { other in
                            let port = try #require(try await other.waitUntil("l", is: .up).boundPort)
                            let plan = ExchangePlan(seed: 5, up: 16 << 20, down: 16 << 20)
                            #expect(try await StreamClient.exchange(port: port, plan).isExactly(plan.down))
                            #expect(await waiting.status.state == .authenticating)
                        }
                        agent.resume()
                        try directory.write("", to: "answer")
                        let status = try await waiting.waitUntil(.up)
                        #expect(status.connects == 1 && status.failures.isEmpty)
                    }
                }
            }
            await target.stop()
        }
    }

    private func ofAgent(_ agent: SSHAgentFixture, _ sshd: SSHDFixture) -> LoginConfiguration {
        LoginConfiguration(user: sshd.user, agent: .path(agent.socketPath), offersOnlyIdentities: false)
    }

    @Test(
        "named keys first, then the agent's others, RSA ones last of those, then files; what was not needed is untried")
    func tellsOrder() async throws {
        try await SSHAgentFixture.with { agent in
            try await SSHDFixture.with { sshd in
                let (rsa, named) = (
                    try await SSHKey.shared(.rsa3072, name: "stranger"),
                    try await SSHKey.shared(.ecdsa256, name: "stranger")
                )
                let file = try await SSHKey.shared(.ecdsa384, name: "stranger")
                for key in [rsa, named, sshd.userKey] { try await agent.add(key) }
                var configuration = sshd.gatewayConfiguration()
                configuration.login = ofAgent(agent, sshd)
                configuration.login.identities = [
                    IdentityConfiguration(file.path), IdentityConfiguration(named.path + ".pub"),
                ]
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.up)
                    #expect(
                        status.credentials.map(\.credential) == [
                            "agent key \(named.pin) (test)", "agent key \(sshd.userKey.pin) (test)",
                            "agent key \(rsa.pin) (test)", "key file \(file.path)",
                        ])
                    #expect(status.credentials.map(\.outcome) == [.refused, .accepted, .untried, .untried])
                }
            }
        }
    }

    @Test("an encrypted key file without a passphrase is signed for by the agent that has it")
    func signsForEncryptedFile() async throws {
        try await TemporaryDirectory.with { directory in
            try await SSHAgentFixture.with { agent in
                try await SSHDFixture.with { sshd in
                    try await agent.add(sshd.userKey)
                    let copy = directory.file("key")
                    for (from, to) in [(sshd.userKey.path, copy), (sshd.userKey.path + ".pub", copy + ".pub")] {
                        try directory.write(
                            try #require(readWholeFile(from)), to: String(to.split(separator: "/").last ?? ""))
                    }
                    chmod(copy, 0o600)
                    _ = try await ProcessRun.output(
                        of: "ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-f", copy])
                    var configuration = sshd.gatewayConfiguration()
                    configuration.login = LoginConfiguration(
                        user: sshd.user, identities: [IdentityConfiguration(copy)], agent: .path(agent.socketPath))
                    try await GatewayFixture.with(configuration) { fixture in
                        let status = try await fixture.waitUntil(.up)
                        #expect(status.session?.identity == "agent key \(sshd.userKey.pin) (test)")
                    }
                }
            }
        }
    }

    @Test("an agent that refuses, or is gone, is the cause; the login heals when it is back")
    func namesAgent() async throws {
        try await TemporaryDirectory.with { directory in
            let askpass = try directory.write("#!/bin/sh\nexit 1\n", to: "askpass")
            chmod(askpass, 0o755)
            try await SSHAgentFixture.with(askpass: askpass) { agent in
                try await SSHDFixture.with { sshd in
                    try await agent.add(sshd.userKey, asks: true)
                    var configuration = sshd.gatewayConfiguration()
                    configuration.login = ofAgent(agent, sshd)
                    try await GatewayFixture.with(configuration) { fixture in
                        let cause = try await eventually("it says so") { await fixture.status.lastError?.cause }
                        #expect(cause.reason == .agent)
                        #expect(cause.message.contains("the ssh-agent refused to sign"), "\(cause)")
                        try await agent.add(sshd.userKey)
                        try await fixture.waitUntil(.up)
                        await agent.kill()
                        await sshd.kill()
                        try await sshd.restart()
                        try await eventually("it says that the agent is gone") {
                            let cause = await fixture.status.cause
                            return cause?.reason == .agent && cause?.message.contains("connection refused") == true
                        }
                        #expect(await fixture.status.state != .parked)
                    }
                }
            }
        }
    }

    @Test("a key that only the agent can sign for is tried again when the agent is back")
    func waitsForAgent() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try await SSHKey.shared(.ed25519, name: "user")
            var configuration = GatewayConfiguration(
                name: "g", host: "127.0.0.1", port: 9, user: "u", keys: [key.path + ".pub"])
            configuration.login.agent = .path(directory.file("absent"))
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil(.backingOff)
                #expect(status.cause?.reason == .agent)
                #expect(status.credentials.map(\.outcome) == [.unusable, .unusable])
            }
        }
    }

    @Test("an agent that does not answer at all is given up after 5 s, and other keys are used")
    func givesUpOnSilentAgent() async throws {
        try await SSHAgentFixture.with { agent in
            try await SSHDFixture.with { sshd in
                try await agent.pause()
                var configuration = sshd.gatewayConfiguration()
                configuration.login.agent = .path(agent.socketPath)
                configuration.login.offersOnlyIdentities = false
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.up)
                    #expect(status.session?.identity == "key file \(sshd.identityPath)")
                    let agent = try #require(status.credentials.first { $0.credential == "agent" })
                    #expect(agent.reason?.hasSuffix("has not answered within 5 s") == true)
                }
                agent.resume()
            }
        }
    }
}
