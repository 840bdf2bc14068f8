import Foundation
import FwdCore
import FwdTestSupport
import Testing

@Suite(.serialized) struct SSHDFixtureTests {
    /// Runs the real client with one -L to `target`, and `body` with the local port once it listens.
    private func forwarding(
        through sshd: SSHDFixture, to target: UInt16, _ body: (UInt16, ChildProcess) async throws -> Void
    ) async throws {
        let port = FreePorts.next()
        let arguments = sshd.sshArguments(["-v", "-N", "-L", "\(port):127.0.0.1:\(target)"])
        try await ProcessRun.running("ssh", arguments) { ssh in
            // Said after it listens on all addresses. Whether the port is free is not asked: to ask is to take it.
            try await eventually("ssh listens or says why not: \(ssh.standardError)") {
                ssh.exit != nil || ssh.standardError.contains("Entering interactive session")
            }
            try #require(ssh.exit == nil, "\(ssh.standardError)")
            try await body(port, ssh)
        }
    }

    @Test(arguments: SSHKey.KeyType.allCases)
    func `The real client logs in with keys of every type and carries bytes both ways`(type: SSHKey.KeyType)
        async throws
    {
        try await TargetServer.with(.exchange) { target in
            try await SSHDFixture.with(SSHDOptions(hostKeys: [type], userKey: type)) { sshd in
                #expect(await sshd.sessionCount == 0)
                try await forwarding(through: sshd, to: target.port) { port, _ in
                    #expect(await sshd.sessionCount == 1)
                    let plan = ExchangePlan(seed: 9, up: 5_000_000, down: 7_000_000)
                    let received = try await StreamClient.exchange(port: port, plan)
                    #expect(received.isExactly(plan.down))
                    let arrived = try await target.exchanged(seed: 9)
                    #expect(arrived.isExactly(plan.up))
                }
                try await eventually("the session has ended") { await sshd.sessionCount == 0 }
                #expect(sshd.log.contains("Accepted publickey for \(sshd.user)"))
                #expect(!sshd.log.contains("Connection reset"))
            }
        }
    }

    @Test func `Pins are those that the server offers`() async throws {
        let options = SSHDOptions(hostKeys: [.ed25519, .ecdsa256])
        try await SSHDFixture.with(options) { sshd in
            #expect(sshd.hostKeyPins.map(\.type) == ["ssh-ed25519", "ecdsa-sha2-nistp256"])
            let scanned = try await ProcessRun.output(
                of: "sh", ["-c", "ssh-keyscan -p \(sshd.port) 127.0.0.1 2>/dev/null | ssh-keygen -lf -"])
            for pin in sshd.hostKeyPins { #expect(scanned.contains(pin.fingerprint)) }
            let gateway = sshd.gatewayConfiguration(name: "here")
            #expect(gateway.port == sshd.port)
            #expect(gateway.trust.pins == sshd.hostKeyPins)
            #expect(gateway.login.identities == [IdentityConfiguration(sshd.identityPath)])
        }
    }

    @Test func `A paused server answers nothing until it is resumed`() async throws {
        try await TargetServer.with(.identity("target")) { target in
            try await SSHDFixture.with { sshd in
                try await forwarding(through: sshd, to: target.port) { port, _ in
                    try await StreamClient.with(port: port) { client in
                        #expect(await client.receive(count: 6) == "target")
                        try await sshd.pause()
                        try await client.send("x")
                        #expect(await client.receive(count: 1, within: .milliseconds(300)) == "")
                        await sshd.resume()
                        #expect(await client.receive(count: 1) == "x")
                    }
                }
            }
        }
    }

    @Test func `A killed server ends its sessions, a restarted one has the same port and key`() async throws {
        try await SSHDFixture.with { sshd in
            for _ in 0..<2 {
                try await forwarding(through: sshd, to: 9) { _, ssh in
                    await sshd.kill()
                    let exit = try await ssh.waitForExit()
                    #expect(exit == .exited(255))
                }
                await #expect(throws: StreamFailure.self) { try await StreamClient.connect(port: sshd.port) }
                try await sshd.restart()
            }
            try await forwarding(through: sshd, to: 9) { _, ssh in
                try await sshd.killSessions()
                let exit = try await ssh.waitForExit()
                #expect(exit == .exited(255))
            }
            try await forwarding(through: sshd, to: 9) { _, ssh in
                await sshd.stop()
                let exit = try await ssh.waitForExit()
                #expect(exit == .exited(255))
            }
        }
    }

    @Test func `A changed host key is noticed by the real client`() async throws {
        // A subsystem inside sshd needs no login shell, whose start-up files may take their time.
        try await SSHDFixture.with(SSHDOptions(configuration: ["Subsystem sftp internal-sftp"])) { sshd in
            try await sshd.restart(hostKey: .ed25519)
            let result = try await ProcessRun.run("ssh", sshd.sshArguments(["-N"]))
            #expect(result.exit == .exited(255))
            #expect(result.errors.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"))
            try await sshd.restart()
            let login = try await ProcessRun.run("ssh", sshd.sshArguments(["-s"]) + ["sftp"])
            #expect(login.exit == .exited(0), "\(login)")
        }
    }

    @Test func `Configuration lines count, and an unknown one is an error that names it`() async throws {
        let forbidding = SSHDOptions(configuration: ["RekeyLimit 16M", "AllowTcpForwarding no"])
        try await SSHDFixture.with(forbidding) { sshd in
            let result = try await ProcessRun.run(
                "ssh", sshd.sshArguments(["-N", "-R", "\(FreePorts.next()):127.0.0.1:9"]))
            #expect(result.errors.contains("remote port forwarding failed"))
        }
        let error = await #expect(throws: TestSupportError.self) {
            try await SSHDFixture.with(SSHDOptions(configuration: ["NoSuchOption yes"])) { _ in }
        }
        #expect(error?.message.contains("NoSuchOption") == true)
    }

    @Test func `A user key that is not authorized is refused`() async throws {
        try await SSHDFixture.with(SSHDOptions(authorizesUserKey: false)) { sshd in
            let result = try await ProcessRun.run("ssh", sshd.sshArguments() + ["true"])
            #expect(result.errors.contains("Permission denied"))
        }
    }

    @Test func `A test that throws gets the server's log, and nothing keeps running`() async throws {
        var pid: pid_t?
        let error = await #expect(throws: SSHDTestFailure.self) {
            try await SSHDFixture.with { sshd in
                pid = await sshd.pid
                throw CancellationError()
            }
        }
        #expect(error?.logTail.contains("Server listening on 127.0.0.1") == true)
        #expect(ProcessCounters(pid: try #require(pid)).threads == 0)
    }
}
