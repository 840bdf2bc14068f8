import Foundation
import FwdCore

/// A real sshd for one test, on a port of its own on 127.0.0.1 and ::1, in a directory of its own.
///
/// The current user logs in with `identityPath`. `with` starts it, waits until it listens (without connecting: a bare
/// connection counts as a failed login), and ends it and all its sessions. An error that leaves `with` carries the
/// end of the server's log.
public actor SSHDFixture {
    public nonisolated let host: String
    public nonisolated let port: UInt16
    public nonisolated let user = CurrentUser.name
    public nonisolated let userKey: SSHKey
    /// The keys that the server starts with. `restart(hostKey:)` does not change this value.
    public nonisolated let hostKeys: [SSHKey]
    public nonisolated let directory: TemporaryDirectory

    let program: SSHDProgram
    let options: SSHDOptions
    /// Lines of sshd_config, as in the options until they are replaced.
    var configuration: [String]
    let passwordService: PAMService?
    /// The listening process. Its children are the sessions.
    var listener: ChildProcess?

    init(
        port: UInt16, userKey: SSHKey, hostKeys: [SSHKey], in directory: TemporaryDirectory, options: SSHDOptions,
        passwordService: PAMService?
    ) async throws {
        self.port = port
        self.userKey = userKey
        self.hostKeys = hostKeys
        self.directory = directory
        self.options = options
        configuration = options.configuration
        host = options.address ?? "127.0.0.1"
        self.passwordService = passwordService
        program = try await SSHDProgram.installed().asking(passwordService, in: directory)
        let known = hostKeys.map { "[127.0.0.1]:\(port) \($0.publicLine)\n" }.joined()
        try directory.write(known, to: "known_hosts")
    }

    /// Runs `body` with a server.
    public static func with<Result>(
        _ options: SSHDOptions = .standard, isolation: isolated (any Actor)? = #isolation,
        _ body: (SSHDFixture) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            try await PAMService.with(options.passwordAccount, in: directory) { service in
                let server = try await start(options, in: directory, service)
                return try await withCleanUp {
                    try await run(body, with: server)
                } cleanUp: {
                    await server.kill()
                }
            }
        }
    }

    private static func run<Result>(
        _ body: (SSHDFixture) async throws -> Result, with server: SSHDFixture,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Result {
        do {
            return try await body(server)
        } catch {
            throw SSHDTestFailure(cause: error, logTail: server.logTail)
        }
    }

    private static func start(
        _ options: SSHDOptions, in directory: TemporaryDirectory, _ service: PAMService?
    ) async throws -> SSHDFixture {
        let userKey = try await SSHKey.shared(options.userKey, name: "user")
        var hostKeys: [SSHKey] = []
        for type in options.hostKeys { hostKeys.append(try await SSHKey.shared(type, name: "host")) }
        let prefix = options.keyOptions.isEmpty ? "" : options.keyOptions + " "
        let authorizedKeys = (options.authorizesUserKey ? [prefix + userKey.publicLine] : []) + options.authorizedKeys
        try directory.write(authorizedKeys.map { $0 + "\n" }.joined(), to: "authorized_keys")
        // Another process may take the port between the look and sshd's bind.
        for _ in 0..<3 {
            let server = try await SSHDFixture(
                port: FreePorts.next(), userKey: userKey, hostKeys: hostKeys, in: directory, options: options,
                passwordService: service)
            if try await server.launch(with: hostKeys) { return server }
        }
        throw TestSupportError("sshd found three ports in use: \(readWholeFile(directory.file("sshd.log")) ?? "")")
    }

    public nonisolated var identityPath: String { userKey.path }
    /// With which password the user can log in, if the options say so.
    public nonisolated var passwordAccount: PasswordAccount? { options.passwordAccount }
    public nonisolated var hostKeyPins: [HostKeyPin] { hostKeys.map(\.pin) }

    /// The whole log since the fixture began, restarts included.
    public nonisolated var log: String { readWholeFile(logPath) ?? "" }
    public nonisolated var logPath: String { directory.file("sshd.log") }
    public nonisolated var knownHostsPath: String { directory.file("known_hosts") }
    nonisolated var logTail: String { log.split(whereSeparator: \.isNewline).suffix(40).joined(separator: "\n") }

    /// Connections that the server serves now, authenticated or not: its child processes.
    public var sessionCount: Int {
        listener.map { $0.exit == nil ? ProcessEntry.children(of: $0.pid).count : 0 } ?? 0
    }

    /// Descriptors that the sessions hold: each open channel has at least one. What they execute does not count.
    public var sessionDescriptors: Int {
        guard let listener, listener.exit == nil else { return 0 }
        let sessions = ProcessEntry.tree(of: listener.pid).filter {
            $0.pid != listener.pid && readWholeFile("/proc/\($0.pid)/comm")?.hasPrefix("sshd") == true
        }
        return sessions.reduce(0) { $0 + ProcessCounters(pid: $1.pid).openDescriptors }
    }

    /// The listening process, for its counters.
    public var pid: pid_t? { listener?.pid }

    /// A gateway of fwd that trusts this server.
    public nonisolated func gatewayConfiguration(
        name: String = "gateway", forwards: [ForwardConfiguration] = []
    ) -> GatewayConfiguration {
        GatewayConfiguration(
            name: name, host: host, port: port, user: user, keys: [identityPath], pins: hostKeyPins, forwards: forwards)
    }

    /// Arguments that let the real ssh log in here, the destination last.
    public nonisolated func sshArguments(_ arguments: [String] = []) -> [String] {
        let options = [
            "IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=yes", "ExitOnForwardFailure=yes",
            "UserKnownHostsFile=\(knownHostsPath)", "GlobalKnownHostsFile=/dev/null",
        ]
        return ["-F", "/dev/null", "-i", identityPath, "-p", "\(port)"] + options.flatMap { ["-o", $0] } + arguments
            + ["\(user)@\(host)"]
    }
}

/// What a test threw, with the server's view of it.
public struct SSHDTestFailure: Error, CustomStringConvertible {
    public let cause: any Error
    public let logTail: String

    public var description: String { "\(cause)\nsshd's log ends with:\n\(logTail)" }
}
