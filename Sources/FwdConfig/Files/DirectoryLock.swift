#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// flock(2) on the directory: one writer at a time, and nothing to clean up when one is killed.
struct DirectoryLock: ~Copyable {
    private let directory: Descriptor

    /// Our choice: a writer holds the lock for some milliseconds; ten seconds mean that one hangs.
    private static let attempts = 500
    private static let pauseMicroseconds: UInt32 = 20_000

    /// Waits for the lock.
    /// - Throws: `EWOULDBLOCK` if another process holds it all the time.
    init(_ path: String, attempts: Int = attempts) throws(SystemError) {
        let directory = try Descriptor(path, O_RDONLY | O_DIRECTORY)
        try Self.wait(for: directory.number, attempts: attempts)
        self.directory = directory
    }

    private static func wait(for descriptor: Int32, attempts: Int) throws(SystemError) {
        for attempt in 1...max(attempts, 1) {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            if errno != EWOULDBLOCK && errno != EINTR { throw .last }
            // flock(2) cannot wait with a deadline; only commands come here, never an event loop.
            if attempt < attempts { usleep(pauseMicroseconds) }
        }
        throw SystemError(number: EWOULDBLOCK)
    }
}
