import FwdTestSupport
import Testing

@Suite(.serialized) struct SSHAgentFixtureTests {
    private func login(at sshd: SSHDFixture, with agent: SSHAgentFixture) async throws -> ProcessResult {
        let options = ["-F", "/dev/null", "-o", "IdentityAgent=\(agent.socketPath)", "-o", "BatchMode=yes"]
        let hosts = ["-o", "UserKnownHostsFile=\(sshd.knownHostsPath)", "-o", "StrictHostKeyChecking=yes"]
        // An empty file of identities keeps the keys of whoever runs the tests out.
        let arguments = options + hosts + ["-o", "IdentityFile=/dev/null", "-p", "\(sshd.port)", "-s"]
        return try await ProcessRun.run("ssh", arguments + ["\(sshd.user)@\(sshd.host)", "sftp"])
    }

    private let options = SSHDOptions(configuration: ["Subsystem sftp internal-sftp"])

    @Test func `An agent signs for the keys that were added, and for no others`() async throws {
        try await SSHDFixture.with(options) { sshd in
            try await SSHAgentFixture.with { agent in
                #expect(try await agent.publicLines == [])
                let refused = try await login(at: sshd, with: agent)
                #expect(refused.errors.contains("Permission denied"), "\(refused)")
                try await agent.add(sshd.userKey)
                #expect(try await agent.publicLines == [sshd.userKey.publicLine])
                let accepted = try await login(at: sshd, with: agent)
                #expect(accepted.exit == .exited(0), "\(accepted)")
                try await agent.remove(sshd.userKey)
                #expect(try await agent.publicLines == [])
            }
        }
    }

    @Test func `A certificate beside the key is loaded too`() async throws {
        let ca = try await SSHKey.shared(.ed25519, name: "user-ca")
        var options = options
        (options.trustedUserCA, options.authorizesUserKey) = (ca, false)
        try await SSHDFixture.with(options) { sshd in
            try await SSHAgentFixture.with { agent in
                let key = try await sshd.userKey.certified(by: ca, principals: [sshd.user], in: sshd.directory)
                try await agent.add(key)
                let types = try await agent.publicLines.compactMap { $0.split(separator: " ").first }
                #expect(types == ["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"])
                let result = try await login(at: sshd, with: agent)
                #expect(result.exit == .exited(0), "\(result)")
                #expect(sshd.acceptedKeys.map(\.keyType) == ["ED25519-CERT"])
            }
        }
    }

    @Test func `A key is forgotten when its lifetime is over`() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        try await SSHAgentFixture.with { agent in
            try await agent.add(key, lifetime: .seconds(3))
            #expect(try await agent.publicLines.count == 1)
            try await eventually("the key is forgotten") { try await agent.publicLines.isEmpty }
        }
    }

    @Test func `A paused agent answers nothing until it is resumed`() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        try await SSHAgentFixture.with { agent in
            try await agent.add(key)
            try await agent.pause()
            try await ProcessRun.running("ssh-add", ["-L"], environment: agent.environment) { list in
                await #expect(throws: DeadlineExceeded.self) { try await list.waitForExit(within: .milliseconds(300)) }
                #expect(list.standardOutput == "")
                agent.resume()
                let exit = try await list.waitForExit()
                #expect(exit == .exited(0))
                #expect(list.standardOutput == key.publicLine + "\n")
            }
        }
    }

    @Test func `A killed agent leaves a socket that refuses connections`() async throws {
        try await SSHAgentFixture.with { agent in
            await agent.kill()
            let error = await #expect(throws: TestSupportError.self) { try await agent.publicLines }
            #expect(error?.message.contains("Connection refused") == true)
        }
    }

    @Test func `Nothing runs when the test is over, not even one paused that failed`() async throws {
        var pid: Int32?
        await #expect(throws: CancellationError.self) {
            try await SSHAgentFixture.with { agent in
                pid = agent.pid
                #expect(ProcessCounters(pid: agent.pid).threads > 0)
                try await agent.pause()
                throw CancellationError()
            }
        }
        #expect(ProcessCounters(pid: try #require(pid)).threads == 0)
    }
}
