import FoundationEssentials
import FwdCore
import NIOCore
import NIOPosix

/// How a session logs in.
struct LoginParameters: Sendable {
    let user: String
    let pins: [HostKeyPin]
    let identities: [Identity]
}

/// A private key file, read. Its contents never leave this value except into libssh2.
struct Identity: Sendable {
    let path: String
    let contents: Redacted<[UInt8]>

    /// Reads the key files that can be used, off the loop.
    /// - Throws: `Cause` (identity) when none can.
    static func load(_ named: [IdentityConfiguration], on eventLoop: any EventLoop) -> EventLoopFuture<[Identity]>
    {
        NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
            var (identities, problems): ([Identity], [String]) = ([], [])
            for path in named.map(\.key.description) {
                do throws(Cause) {
                    identities.append(try Identity(reading: path))
                } catch {
                    problems.append(error.message)
                }
            }
            if identities.isEmpty {
                let none = "no key file to log in with: name one under \"identity\""
                throw Cause(.identity, .needsOperator, problems.isEmpty ? none : problems.joined(separator: "; "))
            }
            return identities
        }
    }

    private init(reading path: String) throws(Cause) {
        guard let data = FileManager.default.contents(atPath: path) else {
            let reason = FileManager.default.fileExists(atPath: path) ? "cannot be read" : "does not exist"
            throw Cause(.identity, .needsOperator, "the key file \(path) \(reason)")
        }
        let text = String(decoding: data.prefix(64 * 1024), as: UTF8.self)
        if text.contains("ENCRYPTED") || Self.isEncryptedOpenSSH(text) {
            throw Cause(.identity, .needsOperator, "the key file \(path) is encrypted, which is not supported")
        }
        guard text.contains("PRIVATE KEY-----") else {
            throw Cause(.identity, .needsOperator, "\(path) is not a private key file")
        }
        self.path = path
        contents = Redacted([UInt8](data))
    }

    /// OpenSSH's format names the cipher after its magic (PROTOCOL.key): "none" if the key is not encrypted.
    private static func isEncryptedOpenSSH(_ text: String) -> Bool {
        guard text.contains("BEGIN OPENSSH PRIVATE KEY") else { return false }
        let body = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }.joined()
        guard let blob = Data(base64Encoded: String(body.prefix(64))) else { return false }
        let magic = Array("openssh-key-v1\0".utf8)
        guard blob.starts(with: magic) else { return false }
        return !blob.dropFirst(magic.count + 4).starts(with: Array("none".utf8))
    }
}
