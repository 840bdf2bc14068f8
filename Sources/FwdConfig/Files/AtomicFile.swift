#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Replaces a file as a whole: after a crash or a full disk there is the old one or the new one, nothing between.
enum AtomicFile {
    /// Our choice for new files: they hold no secret, and `fwd list` of other users may show them.
    private static let newMode: mode_t = 0o644

    /// Writes a temporary file beside the target, brings it to the disk, renames it. A symbolic link stays one: what
    /// it points to is replaced.
    static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let target = try Target(path)
        let temporary = target.temporaryPath
        do throws(SystemError) {
            try fill(temporary, with: bytes, like: target.status)
            if rename(temporary, target.path) != 0 { throw .last }
        } catch {
            _ = unlink(temporary)
            throw error
        }
        try Descriptor(target.directory, O_RDONLY | O_DIRECTORY).synchronize()
    }

    private static func fill(_ path: String, with bytes: [UInt8], like old: stat?) throws(SystemError) {
        let file = try Descriptor(path, O_WRONLY | O_CREAT | O_EXCL, mode: old == nil ? newMode : 0o600)
        if let old {
            let new = try file.status()
            // chown(2) may clear mode bits, so the mode comes second.
            if old.st_uid != new.st_uid || old.st_gid != new.st_gid, fchown(file.number, old.st_uid, old.st_gid) != 0 {
                throw .last
            }
            if fchmod(file.number, old.st_mode & 0o7777) != 0 { throw .last }
        }
        try file.write(bytes)
        try file.synchronize()
    }

    /// The file to replace, links followed.
    private struct Target {
        let path: String
        /// `nil` if it does not exist yet.
        let status: stat?

        init(_ path: String) throws(SystemError) {
            var status = stat()
            guard lstat(path, &status) == 0 else {
                if errno != ENOENT { throw .last }
                self.path = path
                self.status = nil
                return
            }
            guard let resolved = realpath(path, nil) else { throw .last }
            defer { free(resolved) }
            self.path = String(cString: resolved)
            // rename(2) would replace a write-protected file all the same.
            if access(resolved, W_OK) != 0 || stat(resolved, &status) != 0 { throw .last }
            self.status = status
        }

        var directory: String {
            guard let slash = path.lastIndex(of: "/") else { return "." }
            return slash == path.startIndex ? "/" : String(path[..<slash])
        }

        /// Hidden, so that no reader of the directory takes it for a gateway.
        var temporaryPath: String {
            let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
            return "\(directory)/.\(name).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        }
    }
}
