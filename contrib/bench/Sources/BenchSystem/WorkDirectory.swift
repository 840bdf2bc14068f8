import Foundation

/// A private directory with a short path, for Unix sockets fit in it; removed by `remove`.
public struct WorkDirectory: Sendable {
    public let path: String

    public static func make() throws -> WorkDirectory {
        var template = Array("/tmp/fwd-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchError.call("make a directory in /tmp") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leftovers.shared.add(directory: path)
        return WorkDirectory(path: path)
    }

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    public func directory(_ name: String) throws -> WorkDirectory {
        try FileManager.default.createDirectory(
            atPath: file(name), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return WorkDirectory(path: file(name))
    }

    @discardableResult
    public func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        try writeTextFile(text, to: file(name), mode: mode)
        return file(name)
    }

    public func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
