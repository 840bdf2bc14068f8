import Dispatch
import Foundation
import Synchronization

/// Whether and how a child has ended, and the thread that finds out.
final class EndedProcess: Sendable {
    private let state = Mutex<ProcessExit?>(nil)

    var exit: ProcessExit? { state.withLock { $0 } }

    /// Runs `body` while the pid is certainly still the child's: the thread below reaps it under the same lock.
    func ifRunning(_ body: () -> Void) {
        state.withLock { if $0 == nil { body() } }
    }

    /// Starts the child on a thread that then waits for its end. Blocks for the time of one fork.
    /// - Parameter files: held open until the child ends.
    func startOnOwnThread(_ spawn: Spawn, keeping files: [CapturedFile]) throws -> pid_t {
        let started = SpawnResult()
        let ready = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            let result = spawn.start()
            started.value.withLock { $0 = result }
            ready.signal()
            if case .success(let pid) = result { waitForEnd(of: pid) }
            withExtendedLifetime(files) {}
        }
        ready.wait()
        return try started.value.withLock { $0 }!.get()
    }

    private func waitForEnd(of pid: pid_t) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { exit in
            var status: CInt = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            exit = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
        }
    }
}

private final class SpawnResult: Sendable {
    let value = Mutex<Result<pid_t, TestSupportError>?>(nil)
}
