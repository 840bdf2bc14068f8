import Foundation

/// The whole text of a file, also of those in /proc, which have no size; `nil` where it cannot be read.
public func readTextFile(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: data, as: UTF8.self)
}

public func writeTextFile(_ text: String, to path: String, mode: Int = 0o600) throws {
    guard FileManager.default.createFile(
        atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
    else { throw BenchError("cannot write \(path)") }
}
