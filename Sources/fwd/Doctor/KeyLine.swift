import Foundation
import FwdCore
import FwdOpenSSH

/// The public key that a gateway logs in with first, as it stands in authorized_keys.
struct KeyLine: Equatable {
    static let placeholder = "PUBLIC-KEY"

    let text: String
    /// Why there is only a placeholder.
    let problem: String?

    /// Whether a login may be with a certificate, for which sshd does not look for the key's own line.
    static func mayBeCertified(_ login: LoginConfiguration) -> Bool {
        login.identities.contains { identity in
            if identity.certificate != nil { return true }
            guard case .file(let path) = identity.key else { return false }
            return FileManager.default.fileExists(atPath: "\(path)-cert.pub")
        }
    }

    init(of login: LoginConfiguration) {
        guard let identity = login.identities.first else {
            self.init(missing: "the gateway names no key file; ssh-add -L shows the agent's keys")
            return
        }
        guard let path = Self.path(of: identity.key) else {
            self.init(
                missing: "\(identity.key) is known only to the service; ssh-keygen -y -f FILE shows its public half")
            return
        }
        guard let key = Self.publicKey(path) else {
            self.init(missing: "the public half of \(path) is not known; ssh-keygen -y -f \(path) shows it")
            return
        }
        self.init(text: key.comment.isEmpty ? key.line : "\(key.line) \(key.comment)", problem: nil)
    }

    private init(text: String, problem: String?) {
        self.text = text
        self.problem = problem
    }

    private init(missing problem: String) {
        self.init(text: Self.placeholder, problem: "\(problem); put it in the place of \(Self.placeholder)")
    }

    /// `nil`: a credential of a service that does not run, or that is another user's.
    private static func path(of source: SecretSource) -> String? {
        switch source {
        case .file(let path): path
        case .credential(let name):
            ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { "\($0)/\(name)" }
        }
    }

    private static func publicKey(_ path: String) -> PublicKey? {
        if path.hasSuffix(".pub") { return publicFile(path) }
        let bytes = FileManager.default.contents(atPath: path).map { [UInt8]($0) }
        let own = bytes.flatMap { try? PrivateKeyFile($0) }?.publicKey
        // Only the .pub file has the comment.
        guard let beside = publicFile(path + ".pub"), own == nil || own?.blob == beside.blob else { return own }
        return beside
    }

    private static func publicFile(_ path: String) -> PublicKey? {
        FileManager.default.contents(atPath: path).flatMap { try? PublicKey(fileContent: $0) }
    }
}
