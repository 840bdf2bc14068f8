/// What a private key file tells without its passphrase.
///
/// OpenSSH's own format is that of PROTOCOL.key; the others are those of OpenSSL, which `ssh-keygen -m PEM` and
/// `-m PKCS8` write. Nothing of the private half is kept.
public struct PrivateKeyFile: Sendable {
    public typealias Problem = FormatProblem

    public enum Format: Hashable, Sendable { case openSSH, pem, pkcs8 }

    public let format: Format
    public let isEncrypted: Bool
    /// OpenSSH format: the cipher's name, `none` where it is not encrypted. PEM: the cipher of an encrypted key
    /// (DEK-Info). `nil` where the file does not say.
    public let cipher: String?
    /// The public half, which only OpenSSH's format carries in clear.
    public let publicKey: PublicKey?

    /// - Parameter bytes: the whole file. A public key is a problem here: `PublicKey(line:)` reads it.
    public init(_ bytes: [UInt8]) throws(Problem) {
        guard bytes.count <= Self.largestFile else { throw Problem(description: "is too long for a private key file") }
        let text = ArmouredText(bytes)
        guard let label = text.label else { throw Problem(description: Self.whatElse(text.firstLine)) }
        switch label {
        case "OPENSSH PRIVATE KEY": try self.init(openSSH: text)
        case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY": self.init(pem: text)
        case "PRIVATE KEY": self.init(.pkcs8, isEncrypted: false)
        case "ENCRYPTED PRIVATE KEY": self.init(.pkcs8, isEncrypted: true)
        case _ where label.hasSuffix("PUBLIC KEY"): throw Problem(description: Self.isPublic)
        default: throw Problem(description: "is no private key file but holds \"\(label.printable(64))\"")
        }
    }

    private init(_ format: Format, isEncrypted: Bool, cipher: String? = nil, publicKey: PublicKey? = nil) {
        self.format = format
        self.isEncrypted = isEncrypted
        self.cipher = cipher
        self.publicKey = publicKey
    }
}

extension PrivateKeyFile {
    /// OpenSSH's own limit (authfile.c).
    private static let largestFile = 1 << 20
    private static let isPublic = "is a public key file; name the private one"

    private init(pem text: ArmouredText) {
        let isEncrypted = text.headers["proc-type"]?.hasSuffix("ENCRYPTED") ?? false
        let cipher = text.headers["dek-info"]?.split(separator: ",").first.map(String.init)
        self.init(.pem, isEncrypted: isEncrypted, cipher: isEncrypted ? cipher : nil)
    }

    /// PROTOCOL.key, section 1: magic, cipher, KDF, its options, the number of keys, the public key.
    private init(openSSH text: ArmouredText) throws(Problem) {
        guard let content = text.content else {
            throw Problem(description: "is cut short or damaged: it is not base64 from its first line to its last")
        }
        var reader = WireReader(content)
        guard let magic = reader.bytes(15), magic.elementsEqual("openssh-key-v1\0".utf8),
            let cipher = reader.string(), reader.string() != nil, reader.string() != nil,
            reader.uint32() == 1, let blob = reader.string()
        else { throw Problem(description: "is damaged: it does not hold one key in OpenSSH's format") }
        let name = String(decoding: cipher, as: UTF8.self)
        self.init(.openSSH, isEncrypted: name != "none", cipher: name, publicKey: try PublicKey(blob: Array(blob)))
    }

    /// Says what a file without an armoured key is.
    private static func whatElse(_ line: String) -> String {
        if line.hasPrefix("PuTTY-User-Key-File-") {
            return "is a key file of PuTTY; convert it: puttygen FILE.ppk -O private-openssh -o FILE"
        }
        if line.hasPrefix("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY") {
            return "is a key file of ssh.com; convert it: ssh-keygen -i -f FILE"
        }
        if line.hasPrefix("---- BEGIN SSH2 PUBLIC KEY") { return isPublic }
        if line.hasPrefix("SSH PRIVATE KEY FILE FORMAT 1.1") {
            return "is a key of SSH protocol 1, which is no longer in use; make a new one: ssh-keygen -t ed25519"
        }
        guard let key = try? PublicKey(line: line) else { return "is no private key file" }
        return key.isCertificate ? "is a certificate; name the private key it belongs to" : isPublic
    }
}
