import Foundation
import FwdControl

/// Starting a program with its output on one pipe.
enum ChildSpawn {
    struct Child {
        let pid: pid_t
        /// The reading end; the caller closes it.
        let output: Int32
    }

    /// The child has a process group of its own, so that Ctrl-C reaches us alone, and signals as they are in a new
    /// process: those that we ignore or handle are not ignored by it.
    static func start(_ path: String, _ arguments: [String]) throws(DaemonError) -> Child {
        var pipe: [Int32] = [-1, -1]
        guard Foundation.pipe(&pipe) == 0 else { throw failure(path, errno) }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(pipe[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO)
        var attributes = ordinaryAttributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var pid: pid_t = 0
        let code = withStrings([path] + arguments) { argv in
            withStrings(environment()) { posix_spawn(&pid, path, &actions, &attributes, argv, $0) }
        }
        guard code == 0 else {
            close(pipe[0])
            throw failure(path, code)
        }
        return Child(pid: pid, output: pipe[0])
    }

    private static func ordinaryAttributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    private static func environment() -> [String] {
        ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }

    private static func failure(_ path: String, _ code: Int32) -> DaemonError {
        DaemonError(.demo, "cannot start \(path): \(systemMessage(code))")
    }
}
