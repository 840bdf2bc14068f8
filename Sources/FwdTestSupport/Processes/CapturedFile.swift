import Foundation

/// An open file without a name: takes a process's output without ever filling up.
final class CapturedFile: Sendable {
    let descriptor: CInt

    init(_ content: String = "") throws {
        let path = "/tmp/fwd-output-\(UUID().uuidString)"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TestSupportError("cannot create \(path): \(errorText(errno))") }
        unlink(path)
        if !content.isEmpty {
            try writeWhole(descriptor, Array(content.utf8))
            lseek(descriptor, 0, SEEK_SET)
        }
    }

    deinit { close(descriptor) }

    /// What has been written so far. `pread` leaves the position, which the process shares, alone.
    var text: String {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(descriptor, &chunk, chunk.count, off_t(content.count))
            guard count > 0 else { return String(decoding: content, as: UTF8.self) }
            content.append(contentsOf: chunk[..<count])
        }
    }
}
