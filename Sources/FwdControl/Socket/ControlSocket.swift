import Foundation

/// Where the control socket is.
public enum ControlSocket {
    /// `sun_path` of unix(7) holds 108 bytes with the final NUL.
    public static let maximumPathLength = 107

    /// `/run/fwd/control.sock` for root, `$XDG_RUNTIME_DIR/fwd/control.sock` for others, and where a login has no
    /// such directory `/tmp/fwd-UID/control.sock` (its ownership is checked when it is used).
    public static func standardPath(environment: [String: String], uid: UInt32) -> String {
        if uid == 0 { return "/run/fwd/control.sock" }
        if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") {
            return "\(runtime)/fwd/control.sock"
        }
        return "/tmp/fwd-\(uid)/control.sock"
    }

    /// `path` as an absolute one.
    /// - Throws: `badRequest` if it cannot be the path of a socket.
    public static func absolutePath(_ path: String, workingDirectory: String) throws(ControlError) -> String {
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw ControlError(.badRequest, "\"\(path)\" is not the path of a socket")
        }
        let absolute = path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
        guard absolute.utf8.count <= maximumPathLength else {
            let length = absolute.utf8.count
            throw ControlError(
                .badRequest,
                "the path of the control socket is too long (\(length) bytes, at most \(maximumPathLength)): \(absolute)"
            )
        }
        return absolute
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

/// The sentence that belongs to an `errno`.
package func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
}
