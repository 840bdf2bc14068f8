import Foundation

/// The right to listen on one control socket: an `flock` on a file beside it, held for the life of this object.
///
/// While it is held, a socket that lies at the path is a dead supervisor's and may be replaced. The kernel gives the
/// lock back when the process ends, however it ends. The lock file itself stays: removing it would be a race.
public final class ControlSocketClaim: Sendable {
    public let path: String
    private let descriptor: Int32

    /// Makes the directory if needed and takes the lock.
    /// - Parameter path: absolute, at most `ControlSocket.maximumPathLength` bytes.
    /// - Throws: `anotherSupervisor` with its pid, `permission`, or `badRequest`.
    public init(path: String) throws(ControlError) {
        self.path = path
        try ControlSocketDirectory.prepare(ControlSocket.directory(of: path), uid: geteuid())
        descriptor = try Self.lock("\(path).lock", socket: path)
        writePID()
    }

    deinit {
        close(descriptor)
    }

    /// Narrows the socket to its owner.
    func protectSocket() throws(ControlError) {
        guard chmod(path, 0o600) == 0 else {
            throw ControlError(.internal, "cannot set the mode of \(path): \(systemMessage(errno))")
        }
    }

    func removeSocket() {
        unlink(path)
    }

    /// The locked file. It closes what it opened if it throws: a `deinit` must never close a second time, the number
    /// may be another file's by then.
    private static func lock(_ path: String, socket: String) throws(ControlError) -> Int32 {
        let descriptor = try openFile(path)
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        let code = errno
        let pid = readPID(descriptor).map { ", pid \($0)" } ?? ""
        close(descriptor)
        guard code == EWOULDBLOCK else {
            throw ControlError(.internal, "cannot lock \(path): \(systemMessage(code))")
        }
        throw ControlError(.anotherSupervisor, "another supervisor runs here\(pid) (control socket \(socket))")
    }

    private static func openFile(_ path: String) throws(ControlError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            let kind: ControlError.Code = code == EACCES || code == EPERM ? .permission : .internal
            throw ControlError(kind, "cannot open \(path): \(systemMessage(code))")
        }
        return descriptor
    }

    private static func readPID(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }

    private func writePID() {
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.count, 0)
    }
}
