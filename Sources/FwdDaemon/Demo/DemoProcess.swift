import Foundation
import Synchronization

/// A child process whose output, both streams together, is read line by line.
final class DemoProcess: Sendable {
    private enum State {
        case running(pid_t, waiters: [CheckedContinuation<Int32, Never>])
        /// Reaped: the pid may be somebody else's now.
        case ended(status: Int32)
    }

    let lines: AsyncStream<String>
    private let splitter: LineSplitter
    private let state: Mutex<State>

    /// What it printed last.
    var recentLines: [String] { splitter.recentLines }

    init(_ path: String, _ arguments: [String]) throws(DaemonError) {
        let child = try ChildSpawn.start(path, arguments)
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        state = Mutex(.running(child.pid, waiters: []))
        // Both block for as long as the child lives: threads, not tasks.
        let splitter = LineSplitter(continuation)
        self.splitter = splitter
        Thread.detachNewThread { Self.read(child.output, into: splitter) }
        Thread.detachNewThread { self.reap(child.pid) }
    }

    /// Runs a program to its end.
    /// - Returns: its exit status (-1 if a signal ended it) and what it printed.
    static func run(
        _ path: String, _ arguments: [String]
    ) async throws(DaemonError) -> (status: Int32, output: [String]) {
        let process = try DemoProcess(path, arguments)
        var output: [String] = []
        for await line in process.lines { output.append(line) }
        return (await process.status(), output)
    }

    /// The exit status, once it has ended; also when the task is cancelled.
    func status() async -> Int32 {
        await withCheckedContinuation { continuation in
            let ended: Int32? = state.withLock { state in
                switch state {
                case .ended(let status): return status
                case .running(let pid, let waiters):
                    state = .running(pid, waiters: waiters + [continuation])
                    return nil
                }
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    /// Ends it, by its process id, and waits until it is gone.
    func stop() async {
        state.withLock { state in
            if case .running(let pid, _) = state { kill(pid, SIGTERM) }
        }
        _ = await status()
    }

    private func reap(_ pid: pid_t) {
        var information = siginfo_t()
        // The pid stays ours until the lock is held, so that `stop` never hits another process.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        typealias Waiters = [CheckedContinuation<Int32, Never>]
        let (status, waiters) = state.withLock { state -> (Int32, Waiters) in
            var raw: Int32 = 0
            waitpid(pid, &raw, 0)
            let status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -1
            guard case .running(_, let waiters) = state else { return (status, []) }
            state = .ended(status: status)
            return (status, waiters)
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    private static func read(_ descriptor: Int32, into lines: LineSplitter) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            lines.append(Data(buffer[..<count]))
        }
        close(descriptor)
        lines.finish()
    }
}
