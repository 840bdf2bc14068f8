import Foundation

/// How a process ended.
public enum ProcessExit: Equatable, Sendable {
    case exited(CInt)
    case killed(signal: CInt)

    public var isSuccess: Bool { self == .exited(0) }
}

/// A process that was started and is ended by its pid.
///
/// Its output goes to unlinked files, so it never waits for a reader and can be read at any time. A thread of its own
/// starts and reaps it; the kernel kills it when that thread, and so the test process, dies.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    public let command: String
    private let output: CapturedFile
    private let errors: CapturedFile
    private let ended: EndedProcess

    private init(pid: pid_t, command: String, output: CapturedFile, errors: CapturedFile, ended: EndedProcess) {
        self.pid = pid
        self.command = command
        self.output = output
        self.errors = errors
        self.ended = ended
    }

    /// - Parameters:
    ///   - command: a path, or a name that is looked up in PATH.
    ///   - environment: the whole environment; `nil` is that of this process.
    ///   - passed: what becomes its descriptors 3, 4 and so on.
    ///   - input: what it reads from standard input.
    public static func start(
        _ command: String, _ arguments: [String], environment: [String: String]? = nil, passing passed: [CInt] = [],
        input: String = ""
    ) throws -> ChildProcess {
        let line = ([command] + arguments).joined(separator: " ")
        let (inputFile, output, errors) = try (CapturedFile(input), CapturedFile(), CapturedFile())
        // Out of the way of the numbers that they become.
        let copies = passed.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
        defer { for copy in copies { close(copy) } }
        let spawn = Spawn(
            arguments: try dyingWithParent(command, arguments),
            environment: environment ?? ProcessInfo.processInfo.environment,
            descriptors: [inputFile.descriptor, output.descriptor, errors.descriptor] + copies)
        let ended = EndedProcess()
        let pid = try ended.startOnOwnThread(spawn, keeping: [inputFile, output, errors])
        return ChildProcess(pid: pid, command: line, output: output, errors: errors, ended: ended)
    }

    public var standardOutput: String { output.text }
    public var standardError: String { errors.text }
    /// `nil` while it runs.
    public var exit: ProcessExit? { ended.exit }
    public var counters: ProcessCounters { ProcessCounters(pid: pid) }

    /// Sends a signal, unless the process has ended: its pid may be another's by then.
    public func send(_ signal: CInt) {
        ended.ifRunning { _ = kill(pid, signal) }
    }

    public func waitForExit(within deadline: Duration = .seconds(30)) async throws -> ProcessExit {
        try await eventually(within: deadline, "\"\(command)\" ended") { exit }
    }

    /// SIGTERM, and SIGKILL when it is still there after `deadline`.
    @discardableResult
    public func end(within deadline: Duration = .seconds(5)) async -> ProcessExit? {
        send(SIGTERM)
        if let exit = try? await waitForExit(within: deadline) { return exit }
        send(SIGKILL)
        return try? await waitForExit(within: .seconds(5))
    }

    private static func dyingWithParent(_ command: String, _ arguments: [String]) throws -> [String] {
        let executable = try find(command)
        guard let setpriv = try? find("setpriv") else { return [executable] + arguments }
        return [setpriv, "--pdeathsig", "KILL", "--", executable] + arguments
    }

    /// The path of a command, as the shell would find it.
    public static func find(_ command: String) throws -> String {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        let candidates = command.contains("/") ? [command] : path.split(separator: ":").map { "\($0)/\(command)" }
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw TestSupportError("there is no command \"\(command)\"")
        }
        return found
    }
}
