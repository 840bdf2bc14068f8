import Foundation

/// The directory around the control socket: nobody else may be able to put a socket of his own in our place.
enum ControlSocketDirectory {
    /// What is known about a directory that exists.
    struct Facts: Equatable {
        var isDirectory: Bool
        var uid: UInt32
        /// Permission bits with the sticky bit.
        var mode: UInt32
    }

    /// Makes the directory (0700) if it is missing, and refuses one that others could tamper with.
    /// - Throws: `permission`, with the sentence that says what to do.
    static func prepare(_ path: String, uid: UInt32) throws(ControlError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            let code = errno
            let kind: ControlError.Code = code == EACCES || code == EPERM ? .permission : .badRequest
            throw ControlError(kind, "cannot create \(path) for the control socket: \(systemMessage(code))")
        }
        if let problem = problem(with: try facts(path), path: path, uid: uid) {
            throw ControlError(.permission, problem)
        }
    }

    /// `nil` if a socket may live there, else why not.
    static func problem(with facts: Facts, path: String, uid: UInt32) -> String? {
        if !facts.isDirectory { return "\(path) is not a directory; the control socket cannot be there" }
        if facts.uid != uid, facts.uid != 0 {
            return "\(path) belongs to user \(facts.uid), not to us; the control socket would not be safe there"
        }
        let isWritableByOthers = facts.mode & 0o022 != 0
        let isSticky = facts.mode & 0o1000 != 0
        if isWritableByOthers, !isSticky {
            return "\(path) can be written by others; the control socket would not be safe there (chmod 700 \(path))"
        }
        return nil
    }

    private static func facts(_ path: String) throws(ControlError) -> Facts {
        do {
            // This does not follow a symbolic link at the end: one put there by somebody else must not lead us away.
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return Facts(
                isDirectory: attributes[.type] as? FileAttributeType == .typeDirectory,
                uid: (attributes[.ownerAccountID] as? NSNumber)?.uint32Value ?? .max,
                mode: (attributes[.posixPermissions] as? NSNumber)?.uint32Value ?? .max)
        } catch {
            throw ControlError(.permission, "cannot look at \(path): \(error.localizedDescription)")
        }
    }
}
