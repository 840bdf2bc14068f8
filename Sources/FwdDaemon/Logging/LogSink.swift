import Synchronization

#if canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Takes whole lines, one at a time, from any thread.
public final class LogSink: Sendable {
    private let write: @Sendable ([UInt8]) -> Void
    private let lock = Mutex(())

    /// - Parameter write: gets one line with its line feed; calls never overlap.
    public init(_ write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// The standard error stream of the process.
    public static let standardError = LogSink { line in
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 {
                // A reader that is gone or full must not stop the tunnels: the line is lost.
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    func append(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(0x0A)
        lock.withLock { _ in write(bytes) }
    }
}

#if canImport(Musl)
private let systemWrite = Musl.write
#else
private let systemWrite = Glibc.write
#endif
