import Foundation
import Synchronization

/// A process in a group of its own, so that what it starts ends with it. Its output goes to a file.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    public let command: [String]
    public let started: Moment
    private let log: String
    private let status = Mutex<CInt?>(nil)

    private init(pid: pid_t, command: [String], started: Moment, log: String) {
        (self.pid, self.command, self.started, self.log) = (pid, command, started, log)
    }

    /// Starts a command of the search path, in the network namespace of the calling thread.
    public static func start(
        _ command: [String], environment: [String: String] = [:], log: String = "/dev/null"
    ) throws -> ChildProcess {
        let path = try find(command[0])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var pid: pid_t = 0
        let moment = Moment.now
        let error = withCStrings(command) { arguments in
            withCStrings(variables) { posix_spawn(&pid, path, &actions, &attributes, arguments, $0) }
        }
        guard error == 0 else { throw BenchError.call("start \(path)", error) }
        Leftovers.shared.add(group: pid)
        return ChildProcess(pid: pid, command: command, started: moment, log: log)
    }

    /// The full path of a command; the folders of system programs are searched too.
    public static func find(_ command: String) throws -> String {
        if command.contains("/") { return command }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        for folder in folders.map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        where access("\(folder)/\(command)", X_OK) == 0 {
            return "\(folder)/\(command)"
        }
        throw BenchError("there is no \(command) on the search path")
    }

    public var output: String { readTextFile(log) ?? "" }

    /// The wait status, once it has ended.
    public var end: CInt? {
        status.withLock { status in
            if status == nil {
                var value: CInt = 0
                if waitpid(pid, &value, WNOHANG) == pid { status = value }
            }
            return status
        }
    }

    /// Throws, with its last words, if it has ended.
    public func checkIsRunning() throws {
        guard let end else { return }
        throw BenchError("\(command[0]) has ended with status \(end): \(output.suffix(400))")
    }

    @discardableResult
    public func waitForEnd(within limit: Duration) throws -> CInt {
        try waitUntil("\(command[0]) ends", within: limit) { end != nil }
        Leftovers.shared.remove(group: pid)
        return end!
    }

    /// SIGTERM, and SIGKILL for the whole group when that takes longer than two seconds.
    public func stop() {
        if end == nil { kill(pid, SIGTERM) }
        if (try? waitForEnd(within: .seconds(2))) == nil {
            kill(-pid, SIGKILL)
            _ = try? waitForEnd(within: .seconds(5))
        }
        // What it has left behind.
        kill(-pid, SIGKILL)
    }

    /// The output of a command that must succeed.
    public static func output(_ command: [String], within limit: Duration = .seconds(60)) throws -> String {
        let log = "/tmp/fwd-bench-output-\(getpid())-\(Moment.now.nanoseconds)"
        defer { unlink(log) }
        let child = try start(command, log: log)
        guard try child.waitForEnd(within: limit) == 0 else {
            throw BenchError("\(command.joined(separator: " ")): \(child.output.suffix(400))")
        }
        return child.output
    }
}

private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}
