import FwdTestSupport

/// The real ssh as a client of a `HandshakingServer`: it knows the server's host key, and one user key.
struct SSHClient {
    let server: HandshakingServer
    let directory: TemporaryDirectory
    let key: SSHKey

    /// Runs `body` with a client of a server that plays the scenario.
    static func with(
        _ scenario: HandshakingScenario, hostKey type: SSHKey.KeyType = .ed25519,
        _ body: (SSHClient) async throws -> Void
    ) async throws {
        let hostKey = try await SSHKey.shared(type, name: "host")
        let key = try await SSHKey.shared(.ed25519, name: "user")
        try await TemporaryDirectory.with { directory in
            try await HandshakingServer.with(scenario, hostKey: hostKey) { server in
                let known = "[\(server.host)]:\(server.port) \(hostKey.publicLine)\n"
                try directory.write(known, to: "known_hosts")
                try directory.write("#!/bin/sh\necho answer\n", to: "askpass", mode: 0o700)
                try await body(SSHClient(server: server, directory: directory, key: key))
            }
        }
    }

    /// Runs ssh to its end, which the server has to bring about within the deadline.
    func run(_ arguments: [String], input: String = "", asks: Bool = false) async throws -> ProcessResult {
        try await ProcessRun.run(
            "ssh", self.arguments(asks: asks) + arguments, environment: environment, input: input,
            within: .seconds(20))
    }

    /// Runs `body` while ssh runs, which it does until it is ended.
    func running(
        _ arguments: [String], options: [String] = [], input: String = "", asks: Bool = false,
        _ body: (ChildProcess) async throws -> Void
    ) async throws {
        let ssh = try ChildProcess.start(
            "ssh", options + self.arguments(asks: asks) + arguments, environment: environment, input: input)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(ssh))
        } catch {
            result = .failure(error)
        }
        await ssh.end(within: .seconds(1))
        try result.get()
    }

    /// Whether ssh may ask for passwords, which the script "askpass" gives. The destination stands last.
    private func arguments(asks: Bool) -> [String] {
        let options = [
            "BatchMode=\(asks ? "no" : "yes")", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes",
            "UserKnownHostsFile=\(directory.file("known_hosts"))", "GlobalKnownHostsFile=/dev/null",
        ]
        return ["-F", "/dev/null", "-i", key.path, "-p", "\(server.port)"] + options.flatMap { ["-o", $0] }
            + ["root@\(server.host)"]
    }

    private var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "HOME": directory.path, "SSH_ASKPASS": directory.file("askpass"),
            "SSH_ASKPASS_REQUIRE": "force",
        ]
    }
}
