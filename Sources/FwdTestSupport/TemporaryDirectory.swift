import Foundation

/// A directory of mode 0700 with a short path, so that Unix sockets fit in it.
public struct TemporaryDirectory: Sendable {
    public let path: String

    /// Makes a directory that the caller removes.
    public static func create() throws -> TemporaryDirectory {
        var template = Array("/tmp/fwd-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestSupportError("cannot make a directory in /tmp: \(errorText(errno))")
        }
        let path = template.dropLast().map { UInt8(bitPattern: $0) }
        return TemporaryDirectory(path: String(decoding: path, as: UTF8.self))
    }

    /// Runs `body` with a directory that is removed, with all that is in it, at the end.
    public static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (TemporaryDirectory) async throws -> Result
    ) async throws -> Result {
        let directory = try create()
        return try await withCleanUp {
            try await body(directory)
        } cleanUp: {
            directory.remove()
        }
    }

    /// The path of something in the directory.
    public func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// Writes a file into the directory and returns its path.
    @discardableResult
    public func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
        try writeWholeFile(file(name), text, mode: mode)
        return file(name)
    }

    public func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
