import Foundation

/// The whole content of a file that may be in /proc or still be growing, `nil` where it cannot be read.
public func readWholeFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return readWhole(descriptor)
}

/// Everything from the descriptor's position on. Bytes that are not UTF-8 are replaced.
func readWhole(_ descriptor: CInt) -> String? {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return nil }
        if count == 0 { return String(decoding: content, as: UTF8.self) }
        content.append(contentsOf: chunk[..<count])
    }
}

/// Writes a file anew, with these permissions from the start.
func writeWholeFile(_ path: String, _ text: String, mode: mode_t = 0o600) throws {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw TestSupportError("cannot create \(path): \(errorText(errno))") }
    defer { close(descriptor) }
    try writeWhole(descriptor, Array(text.utf8))
}

func writeWhole(_ descriptor: CInt, _ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw TestSupportError("cannot write: \(errorText(errno))") }
        written += count
    }
}

func errorText(_ code: CInt) -> String {
    String(cString: strerror(code))
}
