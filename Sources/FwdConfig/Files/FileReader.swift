#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads one file of the directory, or says in one sentence why it cannot be used.
enum FileReader {
    struct Problem: Error, Hashable, Sendable {
        let message: String
        let number: Int32
        /// Whether there is nothing at that path, not even a dangling link.
        let isVanished: Bool
    }

    /// The file's bytes.
    static func read(_ path: String) throws(Problem) -> [UInt8] {
        let (bytes, status) = try contents(path)
        if status.st_mode & S_IFMT != S_IFREG {
            throw Problem(message: "is no regular file", number: EINVAL, isVanished: false)
        }
        if bytes.count > TextCheck.maximumSize {
            throw Problem(
                message: "is larger than 1 MiB, expected one gateway's forwards", number: EFBIG, isVanished: false)
        }
        return bytes
    }

    private static func contents(_ path: String) throws(Problem) -> (bytes: [UInt8], status: stat) {
        do throws(SystemError) {
            // Without O_NONBLOCK a FIFO called x.yaml would stop everything.
            let file = try Descriptor(path, O_RDONLY | O_NONBLOCK)
            return (try file.read(limit: TextCheck.maximumSize + 1), try file.status())
        } catch {
            throw problem(path, error)
        }
    }

    private static func problem(_ path: String, _ error: SystemError) -> Problem {
        let isLink = isLink(path)
        let message =
            switch error.number {
            case EISDIR: "is a directory, expected a file"
            case ENOENT where isLink: "is a symbolic link to a file that does not exist"
            default: "cannot be read: \(error.text)"
            }
        return Problem(message: message, number: error.number, isVanished: error.number == ENOENT && !isLink)
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

/// The names in a directory.
enum DirectoryReader {
    /// In byte order, without hidden ones. Bytes that are not UTF-8 read as U+FFFD, which no legal name has.
    static func visibleNames(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw .last }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        if errno != 0 { throw .last }
        return inByteOrder(names)
    }

    static func inByteOrder(_ names: [String]) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
