/// One way to log in.
public enum LoginMethod {
    /// Public-key authentication (RFC 4252 section 7) with the contents of a private key file.
    /// - Parameters:
    ///   - publicLine: `type base64` of the key, or of a certificate for it; absent: libssh2 computes the key.
    ///   - mayBeRSA: whether the key may be an RSA key, for which the server's algorithms are looked at first.
    case keyFile(contents: [UInt8], publicLine: String?, passphrase: String?, mayBeRSA: Bool)
    /// The same with a key that somebody else has: `pollLogin` asks for the signature.
    /// - Parameter blob: the public key, or a certificate for it, in SSH's binary form.
    case externalKey(blob: [UInt8])
    /// RFC 4252 section 8.
    case password(String)
    /// RFC 4256: one prompt without echo is answered; anything else is not answered.
    case keyboardInteractive(answer: String)
}

/// What a key's owner shall sign.
public struct SignatureRequest: Hashable, Sendable {
    public let data: [UInt8]
    /// The algorithm that the signature must have: `rsa-sha2-512`, `ssh-ed25519`; for a certificate, that of its key.
    public let algorithm: String
}

public enum LoginProgress: Sendable {
    case pending
    /// Give it to `answer(signature:)`, whenever it is there, then poll again. Reported once.
    case signatureWanted(SignatureRequest)
    case done
}
