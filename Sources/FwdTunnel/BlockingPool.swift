import NIOPosix

/// Threads for what blocks: name resolution, reading key files, decrypting keys. They live as long as the process.
///
/// More than there are cores, which is all that NIO's own pool has: two names whose servers do not answer must not keep
/// every other gateway from logging in.
enum BlockingPool {
    static let threadCount = 16

    static let shared: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: threadCount)
        pool.start()
        return pool
    }()
}
