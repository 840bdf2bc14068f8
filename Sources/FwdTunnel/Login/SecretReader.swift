import FwdCore
import Glibc

/// Why a file cannot be used, as the rest of a sentence about it; without its name.
struct SecretProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads keys, passphrases and passwords, in whole and at every login. Blocks; not for an event loop.
enum SecretReader {
    /// Our choice: the largest keys and certificates take some 16 KiB.
    static let limit = 256 * 1024

    struct Contents {
        let bytes: [UInt8]
        /// Why the file is not safe as a secret.
        let exposure: String?
    }

    static func read(_ source: SecretSource) throws(SecretProblem) -> Contents {
        let path = try path(of: source)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SecretProblem(systemText(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SecretProblem("not a regular file")
        }
        guard status.st_size <= limit else { throw SecretProblem("too large for a key or a secret") }
        guard let bytes = readAll(descriptor) else { throw SecretProblem(systemText(errno)) }
        return Contents(bytes: bytes, exposure: exposure(source, path, status))
    }

    /// The first line, for a passphrase or a password.
    /// - Throws: also for a file that others can read.
    static func line(_ source: SecretSource) throws(SecretProblem) -> Redacted<String> {
        let contents = try read(source)
        if let exposure = contents.exposure { throw SecretProblem(exposure) }
        let line = contents.bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, !line.contains(0), let text = String(validating: line, as: UTF8.self) else {
            throw SecretProblem("no text in its first line")
        }
        return Redacted(text)
    }

    static func path(of source: SecretSource) throws(SecretProblem) -> String {
        switch source {
        case .file(let path): return path
        case .credential(let name):
            guard let directory = getenv("CREDENTIALS_DIRECTORY").map({ String(cString: $0) }) else {
                let why = "$CREDENTIALS_DIRECTORY is not set (LoadCredential= of the systemd unit sets it)"
                throw SecretProblem(why)
            }
            return "\(directory)/\(name)"
        }
    }

    /// ssh's own rule (authfile.c, sshkey_perm_ok): only the owner's files are judged. systemd protects a credential by
    /// its directory, and its mode may show an access list's mask.
    private static func exposure(_ source: SecretSource, _ path: String, _ status: stat) -> String? {
        guard case .file = source, status.st_uid == geteuid(), status.st_mode & 0o077 != 0 else { return nil }
        let mode = String(status.st_mode & 0o777, radix: 8)
        return "its mode 0\(mode) lets others at it; ssh refuses that too: chmod 600 \(path)"
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
