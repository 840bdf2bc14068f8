import Subprocess
import SystemPackage

/// OpenSSH's ssh, which is asked what its configuration says: Include, Match, wildcards and tokens are its business.
public struct SSHClientProgram: Sendable {
    /// Our choice: ssh -G takes milliseconds, but a `Match exec` may ask the network.
    static let deadline = Duration.seconds(5)
    /// Our choice: what fails in passing is tried this often, at once, since each has its deadline.
    static let attempts = 3
    private static let longestOutput = 1 << 20
    private static let longestError = 64 << 10

    private let path: String
    private let deadline: Duration

    /// - Parameter path: a path, or a name that is looked up in PATH.
    public init(path: String = "ssh") {
        self.init(path: path, deadline: Self.deadline)
    }

    init(path: String, deadline: Duration) {
        self.path = path
        self.deadline = deadline
    }

    /// What ssh would do for a host: runs `ssh -G`, with a deadline. It connects nowhere.
    ///
    /// - Parameters:
    ///   - host: a name, an address, or an alias of the configuration.
    ///   - user: wins over the configuration, and `Match user` sees it. `nil`: the configuration decides.
    ///   - port: wins over the configuration. `nil`: the configuration decides.
    ///   - usual: what ssh answered to anything with `SSHConfigFile.none`: its own list of keys. `nil`: it is asked.
    public func settings(
        host: String, user: String? = nil, port: UInt16? = nil, file: SSHConfigFile = .standard,
        usual: SSHClientSettings? = nil
    ) async throws(SSHClientError) -> SSHClientSettings {
        try Self.check(host: host, user: user)
        let user = user.map { ["-l", $0] } ?? []
        let port = port.map { ["-p", String($0)] } ?? []
        let values = try await values(file.arguments + user + port + ["--", host])
        // What ssh tries of its own accord differs from version to version, so it is asked for.
        let defaults =
            if file == .none { values } else if let usual { usual.values } else {
                try await self.values(["-F", "none", "--", host])
            }
        return try SSHClientSettings(values, host: host, defaultIdentityFiles: defaults["identityfile"] ?? [])
    }

    private static func check(host: String, user: String?) throws(SSHClientError) {
        guard !host.isEmpty else { throw .refused("the host has no name") }
        guard !host.hasPrefix("-") else { throw .refused("no host's name begins with \"-\": \(host.printable(64))") }
        guard !(host + (user ?? "")).utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .refused("control characters in the name of the host or the user")
        }
    }

    private func values(_ arguments: [String]) async throws(SSHClientError) -> [String: [String]] {
        SSHClientSettings.values(of: try await patientOutput(["-G"] + arguments))
    }
}

extension SSHClientProgram {
    private enum Outcome: Sendable {
        case ended(isSuccess: Bool, output: String, errors: String)
        case timedOut
    }

    private func patientOutput(_ arguments: [String]) async throws(SSHClientError) -> String {
        for _ in 1..<Self.attempts {
            do throws(SSHClientError) {
                return try await output(arguments)
            } catch {
                guard error.isPassing, !Task.isCancelled else { throw error }
            }
        }
        return try await output(arguments)
    }

    private func output(_ arguments: [String]) async throws(SSHClientError) -> String {
        switch try await outcome(arguments) {
        case .timedOut: throw .timedOut
        case .ended(true, let output, _): return output
        case .ended(false, _, let errors):
            let lines = errors.split(whereSeparator: \.isNewline).prefix(4).map { $0.printable(300) }
            throw .refused(lines.isEmpty ? "it failed without a word" : lines.joined(separator: "; "))
        }
    }

    private func outcome(_ arguments: [String]) async throws(SSHClientError) -> Outcome {
        do {
            return try await withThrowingTaskGroup(of: Outcome.self) { group in
                group.addTask { try await run(arguments) }
                group.addTask {
                    // The deadline, not a wait: it is cancelled when ssh has answered.
                    try await Task.sleep(for: deadline)
                    return .timedOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut
            }
        } catch let error as SubprocessError {
            if error.code == .executableNotFound { throw .notInstalled }
            throw .failed("\(error)")
        } catch {
            throw .failed(error is CancellationError ? "it was called off" : "\(error)")
        }
    }

    private func run(_ arguments: [String]) async throws -> Outcome {
        var options = PlatformOptions()
        // A session of its own, so that what a `Match exec` has started ends with it. ssh would die of a SIGTERM before
        // a child that ignores it, and then nobody would end the child.
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        let result = try await Subprocess.run(
            path.contains("/") ? .path(FilePath(path)) : .name(path), arguments: .init(arguments),
            platformOptions: options, output: .string(limit: Self.longestOutput),
            error: .string(limit: Self.longestError))
        return .ended(
            isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput,
            errors: result.standardError)
    }
}
