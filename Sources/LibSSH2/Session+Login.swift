import CLibSSH2

extension Session {
    /// Begins one authentication. The server may refuse it; then another one can be started.
    /// - Parameter rsaSignatures: what an RSA key may sign with, best first.
    public func startLogin(
        user: String, _ method: LoginMethod, rsaSignatures: [String] = Session.rsaSignatures
    ) throws(LibSSH2Error) {
        precondition(pendingLogin == nil, "one login at a time")
        var isProbing = false
        if case .keyFile(_, _, _, true) = method { isProbing = announcesSHA2 != true }
        try prefer(rsaSignatures, for: .signature)
        pendingLogin = PendingLogin(user: user, method: method, rsaSignatures: rsaSignatures, isProbing: isProbing)
        if case .keyFile(_, let line?, _, _) = method, line.hasPrefix("ssh-rsa-cert-"), hasOldCertificates {
            pendingLogin?.refusal = .sha1
        }
        context.promptedLogin = pendingLogin
    }

    /// - Throws: `authenticationFailed`, `publicKeyUnverified` when the server refuses; `file` and others when a key
    ///   cannot be read or decrypted; `sha1` when an RSA key could only sign with SHA-1. Then another login may be
    ///   started, unless the error ends the session.
    public func pollLogin() throws(LibSSH2Error) -> LoginProgress {
        guard let login = pendingLogin else { preconditionFailure("pollLogin without startLogin") }
        do throws(LibSSH2Error) {
            if let refusal = login.refusal { throw refusal }
            if login.isProbing, try pollProbe(login) { return .pending }
            return try poll(login)
        } catch {
            endLogin()
            throw login.refusal ?? error
        }
    }

    /// The answer to `signatureWanted`; `nil` if there will be none.
    public func answer(signature: [UInt8]?) {
        guard let login = pendingLogin, case .awaited = login.signing else { return }
        login.signing = signature.map { .answered($0) } ?? .refused
    }

    private func poll(_ login: PendingLogin) throws(LibSSH2Error) -> LoginProgress {
        let result = drive({ call(login) }, unless: { login.isWaitingForSignature })
        if result == 0 {
            endLogin()
            return .done
        }
        guard result == LIBSSH2_ERROR_EAGAIN else { throw loginFailure(result) }
        // libssh2 answers every round by itself, and its callback cannot refuse one.
        if login.rounds > Self.maximumRounds {
            throw LibSSH2Error(code: .filtered, message: "question after question (keyboard-interactive)")
        }
        guard case .asked(let request) = login.signing else { return .pending }
        login.signing = .awaited
        return .signatureWanted(request)
    }

    /// libssh2 dresses the end of the connection as a refused key or answer (userauth.c: "Waiting for … response").
    private func loginFailure(_ result: Int32) -> LibSSH2Error {
        let error = failure(result, "authentication")
        guard error.message.hasPrefix("Waiting for") else { return error }
        return LibSSH2Error(code: .connectionLost, message: "the connection ended during the login")
    }

    /// For servers up to OpenSSH 7.7, libssh2 signs with SHA-1 for an RSA certificate, whatever they announce
    /// (userauth.c, _libssh2_key_sign_algorithm, SSH_BUG_SIGTYPE).
    private var hasOldCertificates: Bool {
        guard let name = serverVersion.firstRange(of: "OpenSSH_") else { return false }
        let numbers = serverVersion[name.upperBound...].split(whereSeparator: { !$0.isNumber }).prefix(2).map {
            Int($0) ?? 0
        }
        guard let major = numbers.first else { return true }
        return (major, numbers.dropFirst().first ?? 0) < (7, 8)
    }

    private func endLogin() {
        pendingLogin = nil
        context.promptedLogin = nil
    }

    private func call(_ login: PendingLogin) -> Int32 {
        let user = login.user
        switch login.method {
        case .keyFile(let contents, let publicLine, let passphrase, _):
            return contents.withUnsafeBytes { key in
                libssh2_userauth_publickey_frommemory(
                    raw, user, user.utf8.count, publicLine, publicLine?.utf8.count ?? 0,
                    key.bindMemory(to: CChar.self).baseAddress, key.count, passphrase)
            }
        case .externalKey(let blob): return callExternal(login, blob)
        case .password(let password):
            return libssh2_userauth_password_ex(
                raw, user, UInt32(user.utf8.count), password, UInt32(password.utf8.count), nil)
        case .keyboardInteractive:
            return libssh2_userauth_keyboard_interactive_ex(
                raw, user, UInt32(user.utf8.count), PendingLogin.promptCallback)
        }
    }

    private func callExternal(_ login: PendingLogin, _ blob: [UInt8]) -> Int32 {
        // The callback is called from inside this call only, and the login outlives it.
        var context: UnsafeMutableRawPointer? = Unmanaged.passUnretained(login).toOpaque()
        return libssh2_userauth_publickey(raw, login.user, blob, blob.count, PendingLogin.signCallback, &context)
    }

    // MARK: - RSA key files sign with SHA-2 only

    /// Without the server's list of signature algorithms (RFC 8308, server-sig-algs) libssh2 signs for an RSA key file
    /// with SHA-1, and nothing in its API says whether the list came. So: with an algorithm preferred that no server
    /// has, libssh2 refuses a key at once if the list is there, without sending anything; if it is not, it asks the
    /// server about a key that does not exist, which the server refuses, and no signature is made.
    ///
    /// libssh2 1.11.1 keeps the 7 bytes of the method's name when it refuses, and reads the key file's own over them:
    /// they leak, once per session with an RSA key file.
    /// - Returns: whether it is still under way.
    private func pollProbe(_ login: PendingLogin) throws(LibSSH2Error) -> Bool {
        if announcesSHA2 == nil {
            try prefer(["none@fwd"], for: .signature)
            let result = drive { callExternal(login, Self.noKey) }
            if result == LIBSSH2_ERROR_EAGAIN { return true }
            let error = loginFailure(result)
            try prefer(login.rsaSignatures, for: .signature)
            if error.code == .connectionLost { throw error }
            announcesSHA2 = result == LIBSSH2_ERROR_METHOD_NONE
        }
        login.isProbing = false
        if announcesSHA2 != true { throw .sha1 }
        return false
    }

    /// Our choice: PAM asks for a password, a code, and says something, a round each.
    private static let maximumRounds = 8
    /// The signature algorithms for RSA keys, best first (RFC 8332).
    public static let rsaSignatures = ["rsa-sha2-512", "rsa-sha2-256"]
    /// The type of an RSA key and nothing behind it.
    private static let noKey: [UInt8] = [0, 0, 0, 7] + Array("ssh-rsa".utf8)
}

extension LibSSH2Error {
    static let sha1 = LibSSH2Error(
        code: .sha1Only,
        message: "the server does not say that it takes SHA-2 signatures of RSA keys (RFC 8332), and SHA-1 is not used")
}

/// A step of a login that takes long, since a key must be decrypted: bcrypt needs a tenth of a second and more.
///
/// Sound across threads by this contract: from `detachLoginStep` until `run` has returned, the owner of the session
/// touches neither it nor its transport.
public struct DetachedLoginStep: @unchecked Sendable {
    fileprivate let session: Session

    public func run() -> Result<LoginProgress, LibSSH2Error> {
        Result { () throws(LibSSH2Error) in try session.pollLogin() }
    }
}

extension Session {
    /// `pollLogin`, to be run on any one thread.
    public func detachLoginStep() -> DetachedLoginStep {
        DetachedLoginStep(session: self)
    }
}
