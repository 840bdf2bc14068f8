import Crypto
import FoundationEssentials
import FwdCore

/// A public key, or a certificate, as OpenSSH writes it: type, blob, comment (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
public struct PublicKey: Hashable, Sendable {
    public typealias Problem = FormatProblem

    /// The type as it stands in the blob (RFC 4253 section 6.6): `ssh-ed25519`.
    public let type: String
    /// What the signature algorithms and the fingerprint are about, in SSH's binary form.
    public let blob: [UInt8]
    public let comment: String

    /// - Parameter line: `type base64 [comment]`, without options in front.
    public init(line: some StringProtocol) throws(Problem) {
        let words = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 2 else { throw Problem(description: "is not \"type base64 [comment]\"") }
        guard let data = Data(base64Encoded: String(words[1])) else {
            throw Problem(description: "has a blob that is not base64")
        }
        let comment = words.count > 2 ? words[2].trimmingSpaces() : ""
        try self.init(blob: [UInt8](data), comment: comment)
        guard type == words[0] else {
            throw Problem(description: "says \(words[0].printable(64)) but holds a key of another type")
        }
    }

    /// - Parameter content: of a `.pub` file: its first line counts.
    public init(fileContent content: some Sequence<UInt8>) throws(Problem) {
        let text = String(decoding: Array(content), as: UTF8.self)
        try self.init(line: text.split(whereSeparator: \.isNewline).first ?? "")
    }

    /// The key of a line whose type word does not fit it.
    init?(unlabelled line: String) {
        let words = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 2, let data = Data(base64Encoded: String(words[1])) else { return nil }
        try? self.init(blob: [UInt8](data))
    }

    /// - Parameter blob: the binary form, which begins with the type.
    public init(blob: [UInt8], comment: String = "") throws(Problem) {
        var reader = WireReader(blob)
        guard let name = reader.string(), !name.isEmpty, name.count <= 64,
            name.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Problem(description: "has a blob that does not begin with a key type") }
        type = String(decoding: name, as: UTF8.self)
        self.blob = blob
        self.comment = comment
    }

    /// `SHA256:` and 43 characters of base64, as `ssh-keygen -lf` prints it: of a certificate, that of the key inside.
    public var fingerprint: String {
        let key = isCertificate ? (try? Certificate(self).publicKey) ?? self : self
        return "SHA256:\(Data(SHA256.hash(data: key.blob)).base64EncodedString().prefix { $0 != "=" })"
    }

    static let certificateSuffix = "-cert-v01@openssh.com"

    /// Whether this is an OpenSSH certificate: `Certificate(_:)` reads it.
    public var isCertificate: Bool { type.hasSuffix(Self.certificateSuffix) }

    public var pin: HostKeyPin { HostKeyPin(type: type, fingerprint: fingerprint) }

    /// `type base64`, without the comment.
    public var line: String { "\(type) \(Data(blob).base64EncodedString())" }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0.isWhitespace }.reversed())
    }
}

extension StringProtocol {
    fileprivate func trimmingSpaces() -> String { Substring(self).trimmingSpaces() }
}
