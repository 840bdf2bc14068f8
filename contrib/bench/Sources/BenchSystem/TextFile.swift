import Foundation

/// The whole text of a file; `nil` where it cannot be read. Foundation reads only the first page of a file in /proc.
public func readTextFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = read(descriptor, &part, part.count)
        if count < 0 { return nil }
        if count == 0 { return String(decoding: text, as: UTF8.self) }
        text += part[..<count]
    }
}

public func writeTextFile(_ text: String, to path: String, mode: Int = 0o600) throws {
    let mode: [FileAttributeKey: Any] = [.posixPermissions: mode]
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: mode) else {
        throw BenchError("cannot write \(path)")
    }
}
