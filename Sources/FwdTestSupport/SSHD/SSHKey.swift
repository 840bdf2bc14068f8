import FwdCore

/// A key pair in a file, made by ssh-keygen.
public struct SSHKey: Hashable, Sendable {
    public enum KeyType: String, Sendable, CaseIterable {
        case ed25519
        case rsa3072
        case ecdsa256
        case ecdsa384
        case ecdsa521

        var generatorArguments: [String] {
            switch self {
            case .ed25519: ["-t", "ed25519"]
            case .rsa3072: ["-t", "rsa", "-b", "3072"]
            case .ecdsa256: ["-t", "ecdsa", "-b", "256"]
            case .ecdsa384: ["-t", "ecdsa", "-b", "384"]
            case .ecdsa521: ["-t", "ecdsa", "-b", "521"]
            }
        }
    }

    public let type: KeyType
    /// The private key; the public key is beside it in `.pub`.
    public let path: String
    /// The line of the `.pub` file: type, base64, comment.
    public let publicLine: String
    /// Type and fingerprint, as `ssh-keygen -lf` prints it.
    public let pin: HostKeyPin

    /// Makes a new key.
    public static func generate(
        _ type: KeyType, at path: String, passphrase: String = "", format: String? = nil
    ) async throws -> SSHKey {
        let format = format.map { ["-m", $0] } ?? []
        _ = try await ProcessRun.output(
            of: "ssh-keygen",
            ["-q"] + type.generatorArguments + format + ["-N", passphrase, "-C", "test", "-f", path])
        let line = try await ProcessRun.output(of: "ssh-keygen", ["-l", "-E", "sha256", "-f", path + ".pub"])
        let publicLine = (readWholeFile(path + ".pub") ?? "").split(whereSeparator: \.isNewline).first.map(String.init)
        let fingerprint = line.split(separator: " ").dropFirst().first
        guard let publicLine, let keyType = publicLine.split(separator: " ").first,
            let fingerprint, fingerprint.hasPrefix("SHA256:")
        else {
            throw TestSupportError("ssh-keygen -l says \"\(line)\" about \(path)")
        }
        return SSHKey(
            type: type, path: path, publicLine: publicLine,
            pin: HostKeyPin(type: String(keyType), fingerprint: String(fingerprint)))
    }

    /// The key of this type and name, made once per process and shared. Removed when the process exits.
    public static func shared(_ type: KeyType, name: String) async throws -> SSHKey {
        try await KeyRing.shared.key(type, name: name)
    }
}
