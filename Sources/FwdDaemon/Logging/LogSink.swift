import Foundation
import Synchronization

/// Takes whole lines, one at a time, from any thread.
public final class LogSink: Sendable {
    private let write: @Sendable ([UInt8]) -> Void
    private let lock = Mutex(())

    /// - Parameter write: gets one line with its line feed; calls never overlap.
    public init(_ write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// The standard error stream of the process.
    public static let standardError = LogSink(writeToStandardError)

    func append(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(0x0A)
        lock.withLock { _ in write(bytes) }
    }
}

/// A reader that is gone or full must not stop the tunnels: then the line is lost.
@Sendable private func writeToStandardError(_ line: [UInt8]) {
    var rest = line[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        if count < 0 { return }
        rest = rest.dropFirst(count)
    }
}
