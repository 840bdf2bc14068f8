/// What an ssh-agent answers (draft-miller-ssh-agent).
public enum AgentReply: Hashable, Sendable {
    public typealias Problem = FormatProblem

    /// The keys and certificates it has. Those with a blob that is none are left out.
    case identities([PublicKey])
    /// - Parameters:
    ///   - algorithm: `rsa-sha2-512`, `ssh-ed25519`, …
    ///   - blob: the signature alone, without its algorithm (RFC 8332, RFC 5656, RFC 8709).
    case signature(algorithm: String, blob: [UInt8])
    /// It does not have the key, or will not use it: SSH_AGENT_FAILURE and its extension.
    case failure
    /// A message of another type.
    case other(UInt8)

    /// Our choice: no server lets one try more. The rest of a longer list is left out.
    static let mostIdentities: UInt32 = 1_000

    /// - Parameter frame: a message without its length.
    public init(_ frame: [UInt8]) throws(Problem) {
        var reader = WireReader(frame)
        switch reader.byte() {
        case nil: throw Problem(description: "sent an empty message")
        case 5, 28: self = .failure
        case 12: self = .identities(try Self.identities(&reader))
        case 14: self = try Self.signature(&reader)
        case let type?: self = .other(type)
        }
    }

    private static func identities(_ reader: inout WireReader) throws(Problem) -> [PublicKey] {
        guard let count = reader.uint32() else { throw Problem(description: "sent a list of keys without its length") }
        var keys: [PublicKey] = []
        for _ in 0..<min(count, mostIdentities) {
            guard let blob = reader.string(), let comment = reader.string() else {
                throw Problem(description: "sent a list of keys that is cut short")
            }
            guard let key = try? PublicKey(blob: Array(blob), comment: String(decoding: comment, as: UTF8.self))
            else { continue }
            keys.append(key)
        }
        return keys
    }

    private static func signature(_ reader: inout WireReader) throws(Problem) -> AgentReply {
        guard let packed = reader.string() else { throw Problem(description: "sent a signature that is cut short") }
        var fields = WireReader(packed)
        // A security key's signature goes on behind the blob; nobody asks for one.
        guard let algorithm = fields.string(), !algorithm.isEmpty, let blob = fields.string() else {
            throw Problem(description: "sent a signature that is cut short")
        }
        return .signature(algorithm: String(decoding: algorithm, as: UTF8.self), blob: Array(blob))
    }
}
