import FwdCore
import FwdOpenSSH
import Glibc

/// What an identity of the configuration has turned out to be. Read off the loop, at every login.
struct IdentityFile: Sendable {
    /// What has the private half.
    enum Holder: Sendable {
        case file(Credential.KeyFile)
        /// Only the agent can have it; says why the file does not help where there is one.
        case agent(reason: String)
    }

    let name: String
    let holder: Holder
    /// Absent where a key file does not tell (PEM) and there is no `.pub` beside it.
    let publicKey: PublicKey?
    let certificate: (key: PublicKey, path: String)?
    /// Why the certificate of the configuration is not used.
    let certificateProblem: CredentialStatus?

    /// - Throws: if it cannot be used, not even with an agent.
    init(reading identity: IdentityConfiguration) throws(SecretProblem) {
        name = identity.key.description
        (holder, publicKey) = try Self.key(identity)
        (certificate, certificateProblem) = Self.certificate(identity, for: publicKey)
    }

    var needsAgent: Bool {
        if case .agent = holder { true } else { false }
    }

    private static func key(_ identity: IdentityConfiguration) throws(SecretProblem) -> (Holder, PublicKey?) {
        let contents: SecretReader.Contents
        do throws(SecretProblem) {
            contents = try SecretReader.read(identity.key)
        } catch {
            // The private half may be in the agent alone.
            guard let publicKey = publicKeyBeside(identity.key) else { throw error }
            return (.agent(reason: error.description), publicKey)
        }
        if let key = try? PublicKey(fileContent: contents.bytes) {
            return (.agent(reason: "it is a public key, and no agent has the private one"), key)
        }
        return try privateKey(identity, contents)
    }

    private static func privateKey(
        _ identity: IdentityConfiguration, _ contents: SecretReader.Contents
    ) throws(SecretProblem) -> (Holder, PublicKey?) {
        let file: PrivateKeyFile
        do {
            file = try PrivateKeyFile(contents.bytes)
        } catch {
            throw SecretProblem(String("\(error)".trimmingPrefix("is ")))
        }
        if let exposure = contents.exposure { throw SecretProblem(exposure) }
        if let cipher = file.cipher, cipher.hasPrefix("chacha20") {
            let change = "ssh-keygen -p -Z aes256-ctr -f \(identity.key)"
            throw SecretProblem("it is encrypted with \(cipher), which libssh2 cannot decrypt: \(change)")
        }
        let publicKey = file.publicKey ?? publicKeyBeside(identity.key)
        let passphrase: Redacted<String>?
        if file.isEncrypted {
            guard let source = identity.passphrase else {
                let reason = "it is encrypted: name its passphrase under \"passphrase-file\", or load it into the agent"
                guard let publicKey else { throw SecretProblem(reason) }
                return (.agent(reason: reason), publicKey)
            }
            passphrase = try Self.passphrase(source)
        } else {
            passphrase = nil
        }
        let key = Credential.KeyFile(
            contents: Redacted(contents.bytes), passphrase: passphrase, publicLine: publicKey?.line,
            mayBeRSA: publicKey.map { $0.type == "ssh-rsa" } ?? true)
        return (.file(key), publicKey)
    }

    private static func passphrase(_ source: SecretSource) throws(SecretProblem) -> Redacted<String> {
        do throws(SecretProblem) {
            return try SecretReader.line(source)
        } catch {
            throw SecretProblem("its passphrase in \(source): \(error)")
        }
    }

    private static func publicKeyBeside(_ source: SecretSource) -> PublicKey? {
        guard let path = try? SecretReader.path(of: source),
            let contents = try? SecretReader.read(.file(path + ".pub"))
        else { return nil }
        return try? PublicKey(fileContent: contents.bytes)
    }

    private static func certificate(
        _ identity: IdentityConfiguration, for key: PublicKey?
    ) -> ((key: PublicKey, path: String)?, CredentialStatus?) {
        guard let key, let path = try? identity.certificate ?? (SecretReader.path(of: identity.key) + "-cert.pub")
        else { return (nil, nil) }
        if identity.certificate == nil, access(path, F_OK) != 0 { return (nil, nil) }
        do {
            return ((try usableCertificate(path, for: key), path), nil)
        } catch {
            return (nil, CredentialStatus(credential: "certificate \(path)", outcome: .unusable, reason: "\(error)"))
        }
    }

    private static func usableCertificate(_ path: String, for key: PublicKey) throws -> PublicKey {
        let certified = try PublicKey(fileContent: SecretReader.read(.file(path)).bytes)
        let certificate = try Certificate(certified)
        guard certificate.publicKey.blob == key.blob else {
            throw SecretProblem("it certifies another key")
        }
        if let problem = certificate.problem(now: UInt64(max(0, time(nil)))) {
            throw SecretProblem(problem)
        }
        return certified
    }
}
