import FwdCore
import Glibc
import NIOCore

/// A Unix socket that is bound, and its file (unix(7)).
struct UnixSocketFile {
    typealias Handle = NIOBSDSocket.Handle

    let socket: Handle
    private let path: String
    private let identity: Identity

    private struct Identity: Equatable {
        let device: dev_t
        let node: ino_t
    }

    /// Binds at `path`. A file that a program which is gone has left there is taken away; nothing else is.
    /// - Parameter mode: of the file, from its first moment on.
    /// - Throws: `Cause` with `bind`.
    static func bind(path: String, mode: UInt16?) throws -> UnixSocketFile {
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        do {
            let mode = mode_t(mode ?? ForwardConfiguration.defaultSocketMode)
            // Of the socket, before it has a file: that file is never more open than this (and our umask).
            guard fchmod(socket, mode) == 0 else { throw IOError(errnoCode: errno, reason: "fchmod") }
            try bind(socket, to: path)
            // What the umask took away; by path, because the descriptor has another inode.
            guard chmod(path, mode) == 0, let identity = identity(of: path) else {
                throw IOError(errnoCode: errno, reason: "chmod")
            }
            return UnixSocketFile(socket: socket, path: path, identity: identity)
        } catch {
            close(socket)
            throw error
        }
    }

    /// Removes the file, unless another one stands there meanwhile.
    func remove() {
        if Self.identity(of: path) == identity { unlink(path) }
    }

    /// Why `path` could not be listened on, found out without listening; `nil`: it could.
    static func problem(with path: String) -> (any Error)? {
        do {
            if identity(of: path) != nil {
                try checkIsStale(path)
                return access(path, W_OK) == 0 ? nil : IOError(errnoCode: errno, reason: "access")
            }
            let directory = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
            return access(directory.isEmpty ? "/" : String(directory), W_OK | X_OK) == 0
                ? nil : IOError(errnoCode: errno, reason: "access")
        } catch {
            return error
        }
    }

    private static func bind(_ socket: Handle, to path: String) throws {
        let address = try SocketAddress(unixDomainSocketPath: path)
        func bind() -> CInt { address.withSockAddr { Glibc.bind(socket, $0, socklen_t($1)) } }
        if bind() == 0 { return }
        guard errno == EADDRINUSE else { throw IOError(errnoCode: errno, reason: "bind") }
        try checkIsStale(path)
        unlink(path)
        guard bind() == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    }

    /// - Throws: `Cause` unless the file is a socket that nobody listens on.
    private static func checkIsStale(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw IOError(errnoCode: errno, reason: "lstat") }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Cause(.bind, .needsOperator, "cannot listen on \(path): it is there already, and no socket")
        }
        let probe = Glibc.socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        defer { close(probe) }
        let address = try SocketAddress(unixDomainSocketPath: path)
        let result = address.withSockAddr { Glibc.connect(probe, $0, socklen_t($1)) }
        guard result != 0, errno == ECONNREFUSED else {
            throw Cause(.bind, "cannot listen on \(path): another program does")
        }
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return Identity(device: status.st_dev, node: status.st_ino)
    }
}
