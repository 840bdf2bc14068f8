import FwdCore
import Subprocess
import Synchronization
import SystemPackage

/// A command whose standard input and output carry a session (ssh_config(5), ProxyCommand). It ends with the session's
/// connection, by SIGTERM, then SIGKILL. For all threads.
final class ProxyProcess: Sendable {
    /// Our choices.
    private enum Policy {
        static let grace = Duration.seconds(2)
        static let lineLimit = 200
    }

    private struct State {
        var task: Task<Void, Never>?
        var lastLine: String?
        /// How it ended: "ended with status 1: …".
        var end: String?
        var waiter: (@Sendable (String) -> Void)?
    }

    private let state = Mutex(State())

    /// - Parameter socket: becomes the command's; it is closed here.
    init(command: String, socket: ConnectedSocket.Handle) {
        let task = Task { await run(command, FileDescriptor(rawValue: socket)) }
        state.withLock { $0.task = task }
    }

    func end() {
        state.withLock { $0.task }?.cancel()
    }

    /// Calls `body` once, from any thread, when the command has ended; at once if it has.
    func whenEnded(_ body: @escaping @Sendable (String) -> Void) {
        let end = state.withLock { state in
            if state.end == nil { state.waiter = body }
            return state.end
        }
        if let end { body(end) }
    }

    private func run(_ command: String, _ socket: FileDescriptor) async {
        var options = PlatformOptions()
        // A session of its own: signals of a terminal are for us, and the command's children end with it.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Policy.grace)]
        var isClosed = false
        do {
            let result = try await Subprocess.run(
                .path("/bin/sh"), arguments: ["-c", "exec \(command)"], platformOptions: options,
                input: .fileDescriptor(socket, closeAfterSpawningProcess: false),
                output: .fileDescriptor(socket, closeAfterSpawningProcess: false), error: .sequence
            ) { execution in
                // Ours alone keeps the other end from seeing that the command has ended.
                try socket.close()
                isClosed = true
                for try await line in execution.standardError.strings() { heard(line) }
            }
            ended(Self.text(result.terminationStatus))
        } catch {
            if !isClosed { try? socket.close() }
            ended("could not be run: \(error)")
        }
    }

    private func heard(_ line: String) {
        let text = printable(line, limit: Policy.lineLimit)
        if !text.allSatisfy({ $0 == " " || $0 == "?" }) { state.withLock { $0.lastLine = text } }
    }

    private func ended(_ how: String) {
        let (waiter, end) = state.withLock { state in
            let end = state.lastLine.map { "\(how): \($0)" } ?? how
            state.end = end
            state.task = nil
            defer { state.waiter = nil }
            return (state.waiter, end)
        }
        waiter?(end)
    }

    private static func text(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "ended with status \(code)"
        case .signaled(let signal): "was ended by signal \(signal)"
        }
    }
}
