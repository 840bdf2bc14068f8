/// An OpenSSH certificate (PROTOCOL.certkeys): a public key, whom it speaks for and until when, and who says so.
///
/// The signature is not checked: that is the business of whoever is shown the certificate.
public struct Certificate: Sendable {
    public typealias Problem = FormatProblem

    /// The type of the key inside: `ssh-ed25519`.
    public let keyType: String
    /// The key inside.
    public let publicKey: PublicKey
    public let serial: UInt64
    /// What the authority called it; sshd logs it.
    public let keyID: String
    /// The user or host names it is good for. Empty: any.
    public let principals: [String]
    /// Seconds since 1970, 0: always.
    public let validAfter: UInt64
    /// Seconds since 1970, the first at which it is no longer valid. `UInt64.max`: forever.
    public let validBefore: UInt64
    /// `false`: a host certificate.
    public let isUserCertificate: Bool
    /// The authority's key.
    public let signingKey: PublicKey

    /// - Parameter key: a public key whose type ends in `-cert-v01@openssh.com`.
    public init(_ key: PublicKey) throws(Problem) {
        guard key.isCertificate else { throw Problem(description: "is no certificate but a key of type \(key.type)") }
        var body = CertificateReader(key)
        publicKey = try body.publicKey()
        keyType = publicKey.type
        guard let serial = body.fields.uint64(), let kind = body.fields.uint32(), let keyID = body.fields.string(),
            let principals = body.list(), let validAfter = body.fields.uint64(),
            let validBefore = body.fields.uint64(), body.fields.string() != nil, body.fields.string() != nil,
            body.fields.string() != nil, let signingKey = body.fields.string(), body.fields.string() != nil,
            body.fields.isAtEnd
        else { throw Problem(description: "is a certificate that is cut short or damaged") }
        guard kind == 1 || kind == 2 else { throw Problem(description: "is a certificate of unknown kind \(kind)") }
        self.serial = serial
        self.keyID = String(decoding: keyID, as: UTF8.self)
        self.principals = principals
        self.validAfter = validAfter
        self.validBefore = validBefore
        isUserCertificate = kind == 1
        self.signingKey = try PublicKey(blob: Array(signingKey))
    }

    /// Why no server will accept it as a user's, or `nil`.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: the rest of a sentence: "expired at 2026-01-01T00:00:00Z".
    public func problem(now: UInt64) -> String? {
        if !isUserCertificate { return "is a host certificate, not a user's" }
        if now < validAfter { return "is not valid before \(calendarTime(validAfter))" }
        if now >= validBefore { return "expired at \(calendarTime(validBefore))" }
        return nil
    }
}

/// The fields of a certificate in their order.
private struct CertificateReader {
    private static let plainFields = [
        "ssh-rsa": 2, "ssh-ed25519": 1, "ecdsa-sha2-nistp256": 2, "ecdsa-sha2-nistp384": 2, "ecdsa-sha2-nistp521": 2,
    ]

    private let plainType: String
    var fields: WireReader

    init(_ key: PublicKey) {
        plainType = String(key.type.dropLast(PublicKey.certificateSuffix.count))
        fields = WireReader(key.blob)
    }

    /// The key's own fields stand between the nonce and the serial number, as in its plain form.
    mutating func publicKey() throws(FormatProblem) -> PublicKey {
        guard let count = Self.plainFields[plainType] else {
            throw FormatProblem(description: "is a certificate of the type \(plainType), which is not supported")
        }
        var plain = WireWriter()
        plain.string(plainType.utf8)
        guard fields.string() != nil, fields.string() != nil else {
            throw FormatProblem(description: "is a certificate that is cut short")
        }
        for _ in 0..<count {
            guard let field = fields.string() else {
                throw FormatProblem(description: "is a certificate that is cut short")
            }
            plain.string(field)
        }
        return try PublicKey(blob: plain.bytes)
    }

    /// Strings packed in a string.
    mutating func list() -> [String]? {
        guard let packed = fields.string() else { return nil }
        var reader = WireReader(packed)
        var strings: [String] = []
        while !reader.isAtEnd {
            guard let next = reader.string() else { return nil }
            strings.append(String(decoding: next, as: UTF8.self))
        }
        return strings
    }
}
