import Crypto
import FoundationEssentials

/// The name under which a host is looked for, as ssh writes it: in lower case, with the port where it is not 22.
struct HostName {
    let bytes: [UInt8]

    /// ssh turns aliases into lower case, too.
    init(alias: String) {
        bytes = Array(alias.utf8).map(\.lowerCase)
    }

    init(host: String, port: UInt16) {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let host = isBracketed ? String(host.dropFirst().dropLast()) : host
        bytes = Array((port == 22 ? host : "[\(host)]:\(port)").utf8).map(\.lowerCase)
    }
}

/// The field of a known_hosts line that says for which hosts it is.
enum HostField: Sendable {
    /// `|1|salt|hash`: the HMAC-SHA1 of the name with the salt as the key.
    case hashed(salt: [UInt8], hash: [UInt8])
    case patterns(PatternList)

    init(_ field: ArraySlice<UInt8>) throws(FormatProblem) {
        guard !field.isEmpty else { throw FormatProblem(description: "names no host") }
        guard field.first == UInt8(ascii: "|") else {
            self = .patterns(PatternList(field))
            return
        }
        let parts = field.dropFirst().split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual([UInt8(ascii: "1")]),
            let salt = Data(base64Encoded: String(decoding: parts[1], as: UTF8.self)),
            let hash = Data(base64Encoded: String(decoding: parts[2], as: UTF8.self)),
            salt.count == Insecure.SHA1.byteCount, hash.count == Insecure.SHA1.byteCount
        else { throw FormatProblem(description: "has a damaged hashed host name") }
        self = .hashed(salt: Array(salt), hash: Array(hash))
    }

    func matches(_ name: HostName) -> Bool {
        guard !name.bytes.isEmpty else { return false }
        switch self {
        case .hashed(let salt, let hash):
            let code = HMAC<Insecure.SHA1>.authenticationCode(for: name.bytes, using: SymmetricKey(data: salt))
            return code == hash
        case .patterns(let list):
            return list.matches(name.bytes)
        }
    }
}
