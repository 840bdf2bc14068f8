import Foundation

extension KnownHosts {
    /// Reads files in their order. What does not exist is left out in silence, what cannot be read is a problem.
    public static func read(_ paths: [String]) -> KnownHosts {
        var hosts = KnownHosts()
        for path in paths {
            switch BoundedFile.content(of: path, limit: BoundedFile.hostsLimit) {
            case .content(let content): hosts.add(content, file: path)
            case .missing: continue
            case .failed(let reason):
                hosts.problems.append(Problem(place: Place(file: path, line: 0), message: reason))
            }
        }
        return hosts
    }
}

/// Reads a file that somebody else may have written, without ever waiting for it or running out of memory.
enum BoundedFile {
    enum Result: Equatable {
        case content([UInt8])
        case missing
        /// The rest of a sentence: "cannot be read: Permission denied".
        case failed(String)
    }

    /// Our choice: 100,000 hosts and more.
    static let hostsLimit = 16 << 20

    static func content(of path: String, limit: Int) -> Result {
        // Without O_NONBLOCK the open would wait for the writer of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            return errno == ENOENT || errno == ENOTDIR ? .missing : failure()
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return failure() }
            guard count > 0 else { return .content(content) }
            content += chunk[..<count]
            guard content.count <= limit else { return .failed("is longer than \(limit >> 20) MiB") }
        }
    }

    private static func failure() -> Result {
        .failed("cannot be read: \(String(cString: strerror(errno)))")
    }
}
