import Foundation

extension SSHKey {
    /// The certificate that belongs to the key, where there is one.
    public var certificatePath: String { path + "-cert.pub" }

    /// Copies the key into a directory, and puts a user certificate beside it (ssh-keygen(1), CERTIFICATES).
    /// - Parameters:
    ///   - principals: the users who may log in with it. None: whom the server lets.
    ///   - identity: what sshd logs about it.
    ///   - validity: as `ssh-keygen -V` wants it: "-1h:+1h". Absent: for ever.
    ///   - options: as `ssh-keygen -O` wants them: "no-port-forwarding".
    /// - Returns: the copy.
    public func certified(
        by ca: SSHKey, principals: [String], in directory: TemporaryDirectory, identity: String = "test",
        serial: UInt64 = 1, validity: String? = nil, options: [String] = []
    ) async throws -> SSHKey {
        let copy = try copied(to: directory.file("\(UUID().uuidString)-\(type.rawValue)"))
        var arguments = ["-q", "-s", ca.path, "-I", identity, "-z", "\(serial)"]
        if !principals.isEmpty { arguments += ["-n", principals.joined(separator: ",")] }
        if let validity { arguments += ["-V", validity] }
        arguments += options.flatMap { ["-O", $0] }
        _ = try await ProcessRun.output(of: "ssh-keygen", arguments + [copy.path + ".pub"])
        return copy
    }

    private func copied(to path: String) throws -> SSHKey {
        for suffix in ["", ".pub"] {
            // Keeps the permissions, without which ssh refuses the private key.
            try FileManager.default.copyItem(atPath: self.path + suffix, toPath: path + suffix)
        }
        return SSHKey(type: type, path: path, publicLine: publicLine, pin: pin)
    }
}
