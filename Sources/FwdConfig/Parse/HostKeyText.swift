import FwdCore
import FwdOpenSSH

/// A host key as text: `type SHA256:…`, as in the output of `ssh-keygen -lf` and of `fwd trust`, or the whole public
/// key, `type base64 [comment]`, as in a `.pub` file.
enum HostKeyText {
    struct Problem: Error {
        /// What stands after "expected" in the message.
        let expected: String
    }

    static let expected =
        "a pin \"type SHA256:…\", as in \"ssh-ed25519 SHA256:\" and 43 characters of base64, or a whole public key line"
    private static let types = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ]
    private static let prefix = "SHA256:"
    /// RFC 4648 section 4, in order of value.
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func parse(_ text: String) -> Result<HostKeyPin, Problem> {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let type = words.first, words.count >= 2 else { return .failure(Problem(expected: expected)) }
        if let problem = problem(withType: type, before: words[1]) { return .failure(problem) }
        if words[1].hasPrefix(prefix), words.count == 2 { return fingerprint(words[1], type: type) }
        // The blob begins with the length of the type's name, so its first bytes are 0 (RFC 4253 section 6.6).
        return words[1].hasPrefix("AAAA") ? publicKey(words) : .failure(Problem(expected: expected))
    }

    private static func problem(withType type: String, before word: String) -> Problem? {
        if HostKeyPin.signatureAlgorithms[type] != nil { return nil }
        let known = types.joined(separator: ", ")
        if isBeyondUs(type) {
            return Problem(expected: "a key of a type that fwd can negotiate (\(known)); \(type) is none of them")
        }
        if HostKeyPin.signatureAlgorithms[word] != nil {
            return Problem(expected: "the key's type first, without the host name that known_hosts has in front")
        }
        // Within one edit: ssh-dss is no misspelt ssh-rsa.
        let hint = Suggestion.nearest(to: type, among: types, within: 1).map { "; did you mean \"\($0)\"?" } ?? ""
        return Problem(expected: "a key type of \(known)\(hint)")
    }

    /// Types of OpenSSH (sshd(8), AUTHORIZED_KEYS FILE FORMAT; PROTOCOL.certkeys) that libssh2 cannot negotiate.
    private static func isBeyondUs(_ type: String) -> Bool {
        type.hasPrefix("sk-") || type == "ssh-dss" || type.hasSuffix("-cert-v01@openssh.com")
    }

    private static func fingerprint(_ text: String, type: String) -> Result<HostKeyPin, Problem> {
        // Tools that print standard base64 add one "=", ssh-keygen does not.
        let digest = text.dropFirst(prefix.count)
        let base64 = digest.hasSuffix("=") && digest.utf8.count == 44 ? digest.dropLast() : digest
        if let problem = problem(withDigest: Array(base64.utf8)) { return .failure(problem) }
        return .success(HostKeyPin(type: type, fingerprint: prefix + base64))
    }

    private static func problem(withDigest base64: [UInt8]) -> Problem? {
        let values = base64.map { alphabet.firstIndex(of: $0) }
        if values.contains(nil) { return Problem(expected: "base64 after \"SHA256:\" (A-Z, a-z, 0-9, +, /)") }
        guard values.count == 43, let last = values.last ?? nil else {
            return Problem(expected: "43 characters after \"SHA256:\", not \(values.count)")
        }
        // 43 characters carry 258 bits, a SHA-256 has 256: no key can match if the last two are set.
        return last % 4 == 0
            ? nil : Problem(expected: "the SHA-256 of a key; no key has this one, a character is wrong")
    }

    private static func publicKey(_ words: [String]) -> Result<HostKeyPin, Problem> {
        do throws(PublicKey.Problem) {
            let key = try PublicKey(line: words.joined(separator: " "))
            // A key that was cut off would match no server, and nobody would see why.
            return isComplete(key)
                ? .success(key.pin)
                : .failure(Problem(expected: "a whole public key line; this one's base64 is damaged"))
        } catch {
            return .failure(Problem(expected: "a whole public key line; this one \(error)"))
        }
    }

    /// Whether the blob has all parts of a key of its type and nothing after them.
    private static func isComplete(_ key: PublicKey) -> Bool {
        var reader = WireReader(key.blob)
        _ = reader.string()
        let hasParts =
            switch key.type {
            // RFC 8709 section 4.
            case "ssh-ed25519": reader.string()?.count == 32
            // RFC 4253 section 6.6: exponent, modulus.
            case "ssh-rsa": reader.string()?.isEmpty == false && (reader.string()?.count ?? 0) > 127
            // RFC 5656 section 3.1: the curve's name, an uncompressed point.
            default:
                reader.string().map { "ecdsa-sha2-" + String(decoding: $0, as: UTF8.self) } == key.type
                    && [65, 97, 133].contains(reader.string()?.count)
            }
        return hasParts && reader.isAtEnd
    }
}
