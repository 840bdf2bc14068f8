import FwdCore
import FwdOpenSSH
import LibSSH2

/// One way to log in, ready to be tried.
struct Credential: Sendable {
    enum Kind: Sendable {
        case keyFile(KeyFile)
        /// - Parameters:
        ///   - offered: the public key, or a certificate for it.
        ///   - held: the key as the agent lists it, which it is asked to sign with.
        ///   - socket: the agent's.
        case agentKey(offered: PublicKey, held: PublicKey, socket: String)
        case password(Redacted<String>)
        case keyboardInteractive(Redacted<String>)
    }

    struct KeyFile: Sendable {
        let contents: Redacted<[UInt8]>
        let passphrase: Redacted<String>?
        /// `type base64` of the key or of its certificate; absent where the file does not tell.
        let publicLine: String?
        let mayBeRSA: Bool
    }

    /// As in `CredentialStatus.credential`.
    let name: String
    let kind: Kind
    /// Whether an RSA key signs with rsa-sha2-256, the second choice.
    var isSHA256Only = false

    /// Whether a try needs a tenth of a second of the processor and more.
    var isSlow: Bool {
        if case .keyFile(let file) = kind { file.passphrase != nil } else { false }
    }
}

extension Credential {
    /// For libssh2.
    var method: LoginMethod {
        switch kind {
        case .keyFile(let file):
            .keyFile(
                contents: file.contents.value, publicLine: file.publicLine, passphrase: file.passphrase?.value,
                mayBeRSA: file.mayBeRSA)
        case .agentKey(let offered, _, _): .externalKey(blob: offered.blob)
        case .password(let password): .password(password.value)
        case .keyboardInteractive(let password): .keyboardInteractive(answer: password.value)
        }
    }

    var mayBeRSA: Bool {
        switch kind {
        case .keyFile(let file): file.mayBeRSA
        case .agentKey(let offered, _, _): offered.type.hasPrefix("ssh-rsa")
        case .password, .keyboardInteractive: false
        }
    }

    var withSHA256: Credential {
        Credential(name: "\(name) with rsa-sha2-256", kind: kind, isSHA256Only: true)
    }
}

/// How a session proves who both sides are.
struct LoginParameters: Sendable {
    let gateway: String
    let user: String
    let trust: HostKeyPolicy
    /// In the order in which they are tried.
    let credentials: [Credential]
    /// What cannot be tried, and why.
    let unusable: [CredentialStatus]
    let liveness: Liveness
}
