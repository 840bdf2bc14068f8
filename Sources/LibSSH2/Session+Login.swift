import CLibSSH2

/// A public-key authentication under way. Its arguments live here, since libssh2 wants the same ones at every repeat.
final class PendingLogin {
    let user: String
    let privateKey: [UInt8]

    init(user: String, privateKey: [UInt8]) {
        self.user = user
        self.privateKey = privateKey
    }
}

extension Session {
    /// Begins public-key authentication (RFC 4252 section 7) with the contents of a key file that is not encrypted.
    public func startLogin(user: String, privateKey: [UInt8]) {
        precondition(pendingLogin == nil, "one login at a time")
        pendingLogin = PendingLogin(user: user, privateKey: privateKey)
    }

    /// - Throws: `authenticationFailed` / `publicKeyUnverified` when the server refuses the key, `file` and others when
    ///   the key cannot be read. Another login may then be started, unless the error ends the session.
    public func pollLogin() throws(LibSSH2Error) -> Progress<Void> {
        guard let login = pendingLogin else { preconditionFailure("pollLogin without startLogin") }
        let result = drive {
            login.privateKey.withUnsafeBytes { key in
                libssh2_userauth_publickey_frommemory(
                    raw, login.user, login.user.utf8.count, nil, 0, key.bindMemory(to: CChar.self).baseAddress,
                    key.count, nil)
            }
        }
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        pendingLogin = nil
        if result == 0 { return .done(()) }
        throw failure(result, "authentication")
    }
}
