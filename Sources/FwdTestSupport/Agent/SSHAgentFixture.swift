import Foundation

/// A real ssh-agent for one test, with a socket in a directory of its own. It starts without keys.
public final class SSHAgentFixture: Sendable {
    public let socketPath: String
    private let program: ChildProcess

    private init(socketPath: String, program: ChildProcess) {
        self.socketPath = socketPath
        self.program = program
    }

    /// Runs `body` with an agent that listens.
    /// - Parameter askpass: the program that the agent runs to have a signature confirmed; it says yes by status 0.
    public static func with<Result>(
        askpass: String? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (SSHAgentFixture) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            let socketPath = directory.file("agent")
            let program = try ChildProcess.start(
                "ssh-agent", ["-D", "-a", socketPath], environment: environment(askpass))
            let agent = SSHAgentFixture(socketPath: socketPath, program: program)
            return try await withCleanUp {
                try await agent.waitUntilItListens()
                return try await body(agent)
            } cleanUp: {
                await agent.kill()
            }
        }
    }

    private static func environment(_ askpass: String?) -> [String: String]? {
        askpass.map { askpass in
            ProcessInfo.processInfo.environment.merging(
                ["SSH_ASKPASS": askpass, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":none"]) { _, new in new }
        }
    }

    private func waitUntilItListens() async throws {
        try await eventually("ssh-agent says that it listens") {
            if let exit = program.exit {
                throw TestSupportError("ssh-agent has ended with \(exit): \(program.standardError)")
            }
            return program.standardOutput.contains("Agent pid")
        }
    }

    public var pid: pid_t { program.pid }

    /// Loads a key without a passphrase, and its certificate where there is one beside it.
    /// - Parameters:
    ///   - lifetime: in whole seconds; the agent then forgets the key.
    ///   - asks: whether each signature must be confirmed.
    public func add(_ key: SSHKey, lifetime: Duration? = nil, asks: Bool = false) async throws {
        let options = (lifetime.map { ["-t", "\(max(1, $0.components.seconds))"] } ?? []) + (asks ? ["-c"] : [])
        try await run(["-q"] + options + [key.path])
    }

    /// Takes the key and its certificate away.
    public func remove(_ key: SSHKey) async throws {
        try await run(["-q", "-d", key.path])
    }

    /// What the agent has, a line as in authorized_keys each. Certificates count as keys of their own.
    public var publicLines: [String] {
        get async throws {
            let result = try await ProcessRun.run("ssh-add", ["-L"], environment: environment)
            // 1 is "The agent has no identities.", 2 that there is no agent.
            guard [.exited(0), .exited(1)].contains(result.exit) else {
                throw TestSupportError("ssh-add -L ended with \(result.exit): \(result.errors)")
            }
            return result.exit.isSuccess ? result.output.split(separator: "\n").map(String.init) : []
        }
    }

    private func run(_ arguments: [String]) async throws {
        let result = try await ProcessRun.run("ssh-add", arguments, environment: environment)
        guard result.exit.isSuccess else {
            throw TestSupportError("ssh-add \(arguments) ended with \(result.exit): \(result.errors)")
        }
    }

    /// This process's environment, with this agent.
    public var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(["SSH_AUTH_SOCK": socketPath]) { _, agent in agent }
    }
}

/// The faults that a test can inject.
extension SSHAgentFixture {
    /// Stops the agent: the kernel still accepts connections and requests, nothing answers.
    public func pause() async throws {
        program.send(SIGSTOP)
        try await eventually("ssh-agent has stopped") { ProcessEntry.read(pid)?.isStopped == true }
    }

    public func resume() {
        program.send(SIGCONT)
    }

    /// SIGKILL: connections end, the socket's file stays and refuses new ones.
    public func kill() async {
        program.send(SIGKILL)
        _ = try? await program.waitForExit()
    }
}
