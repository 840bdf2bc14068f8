import FwdCore
import FwdOpenSSH

/// The credentials of a login in the order in which they are tried, and what cannot be tried.
///
/// As ssh does (sshconnect2.c, pubkey_prepare): keys that an identity names and the agent has, then the agent's others,
/// then key files; a certificate before its plain key. With one difference: of the agent's keys, RSA ones come last. When
/// a server takes no RSA signature of ours, libssh2 1.11.1 keeps "ssh-rsa" as the method for the next key that it does
/// not read from a file (userauth.c, _libssh2_userauth_publickey), and that key would be refused too.
struct CredentialList: Sendable {
    private(set) var credentials: [Credential] = []
    private(set) var unusable: [CredentialStatus] = []

    struct Agent: Sendable {
        var socket = ""
        var keys: [PublicKey] = []
        /// Why it could not be asked.
        var problem: String?
    }

    init(identities: [ReadIdentity], agent: Agent, offersOnlyIdentities: Bool) {
        var files: [Credential] = []
        var held: [Credential] = []
        for identity in identities {
            switch identity.result {
            case .failure(let problem):
                addUnusable("key file \(identity.source)", problem)
            case .success(let file):
                if let key = file.publicKey.flatMap({ key in agent.keys.first { $0.blob == key.blob } }) {
                    held += Self.agentKeys(key, agent.socket, file.certificate?.key)
                } else {
                    addFile(file, to: &files)
                }
                if let problem = file.certificateProblem { unusable.append(problem) }
            }
        }
        if !offersOnlyIdentities {
            let named = Set(held.compactMap(\.heldKey))
            held += agent.keys.filter { !named.contains($0.blob) }.flatMap { Self.agentKeys($0, agent.socket, nil) }
        }
        // Signatures of hardware keys (FIDO) have parts that libssh2's callback cannot hand over; DSA is SHA-1.
        for credential in held where !credential.hasKnownType {
            addUnusable(credential.name, SecretProblem("keys of this type are not supported"))
        }
        held.removeAll { !$0.hasKnownType }
        credentials = held.filter { !$0.mayBeRSA } + held.filter(\.mayBeRSA) + files
        if let problem = agent.problem {
            unusable.append(CredentialStatus(credential: "agent", outcome: .unusable, reason: problem))
        }
    }

    /// The last resorts.
    mutating func add(password: Redacted<String>, from source: SecretSource) {
        credentials.append(Credential(name: "password from \(source)", kind: .password(password)))
        credentials.append(
            Credential(
                name: "keyboard-interactive with the password from \(source)", kind: .keyboardInteractive(password)))
    }

    mutating func addUnusable(_ credential: String, _ problem: SecretProblem) {
        unusable.append(CredentialStatus(credential: credential, outcome: .unusable, reason: problem.description))
    }

    private mutating func addFile(_ file: IdentityFile, to files: inout [Credential]) {
        switch file.holder {
        case .agent(let reason):
            unusable.append(CredentialStatus(credential: "key file \(file.name)", outcome: .unusable, reason: reason))
        case .file(let key):
            if let certificate = file.certificate {
                let certified = Credential.KeyFile(
                    contents: key.contents, passphrase: key.passphrase, publicLine: certificate.key.line,
                    mayBeRSA: key.mayBeRSA)
                let name = "certificate \(certificate.path) with key file \(file.name)"
                files.append(Credential(name: name, kind: .keyFile(certified)))
            }
            files.append(Credential(name: "key file \(file.name)", kind: .keyFile(key)))
        }
    }

    private static func agentKeys(_ key: PublicKey, _ socket: String, _ certificate: PublicKey?) -> [Credential] {
        let comment = key.comment.isEmpty ? "" : " (\(printable(key.comment, limit: 64)))"
        let name = "agent key \(key.type) \(key.fingerprint)\(comment)"
        var credentials: [Credential] = []
        if let certificate {
            let kind = Credential.Kind.agentKey(offered: certificate, held: key, socket: socket)
            credentials.append(Credential(name: "certificate with \(name)", kind: kind))
        }
        credentials.append(Credential(name: name, kind: .agentKey(offered: key, held: key, socket: socket)))
        return credentials
    }
}

/// An identity of the configuration, and what its file says.
struct ReadIdentity: Sendable {
    let source: SecretSource
    let result: Result<IdentityFile, SecretProblem>

    /// Whether only the agent can sign for it.
    var needsAgent: Bool {
        if case .success(let file) = result { file.needsAgent } else { false }
    }
}

extension Credential {
    fileprivate var hasKnownType: Bool {
        guard case .agentKey(let offered, _, _) = kind else { return true }
        return ["ssh-ed25519", "ecdsa-sha2-nistp", "ssh-rsa"].contains { offered.type.hasPrefix($0) }
    }

    fileprivate var heldKey: [UInt8]? {
        if case .agentKey(_, let held, _) = kind { held.blob } else { nil }
    }
}
