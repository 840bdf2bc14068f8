import FwdCore
import FwdOpenSSH
import LibSSH2
import Logging
import NIOCore
import NIOPosix

/// The login of a session: where it has come to, and what became of each credential.
struct LoginState {
    var credentials: [Credential]
    /// Beside `credentials`, in the same order.
    var statuses: [CredentialStatus]
    var next = 0
    /// What the agent is asked at the moment.
    var signing: AgentExchange?
    /// The session's libssh2 part is on another thread; nothing may touch it or the transport.
    var isAway = false
    /// What came in meanwhile.
    var heldInput: [ByteBuffer] = []
    /// Why the session is to end once it is back.
    var endsWith: Cause?

    init(_ login: LoginParameters) {
        credentials = login.credentials
        statuses = login.credentials.map { CredentialStatus(credential: $0.name, outcome: .untried) }
    }
}

extension SSHSession {
    /// What may be negotiated, best first. SHA-1 signatures and DH group exchange are not offered.
    enum Algorithms {
        static let keyExchange = [
            "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp521",
        ]
        static let ciphers = CipherOrder.best(
            isPatched: LibSSH2Library.isPatched, hasAES: CipherOrder.hasAESInstructions())
        static let macs = [
            "hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
        ]
        /// Best first.
        static let hostKeyTypes = [
            "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
        ]
    }

    /// The signature algorithms of the trusted types alone, so that the server must use a key of such a type.
    private var hostKeyAlgorithms: [String] {
        login.trust.types(inOrderOf: Algorithms.hostKeyTypes).flatMap { HostKeyPin.signatureAlgorithms[$0] ?? [] }
    }

    func prepareMethods() throws(LibSSH2Error) {
        try ssh.prefer(Algorithms.keyExchange, for: .keyExchange)
        try ssh.prefer(hostKeyAlgorithms, for: .hostKey)
        try ssh.prefer(Algorithms.ciphers, for: .cipher)
        try ssh.prefer(Algorithms.macs, for: .mac)
    }

    func advanceKeyExchange() throws(LibSSH2Error) {
        let step = try ssh.handshake()
        noticeVersion()
        switch step {
        case .pending:
            return
        case .hostKeyOffered:
            if let refusal = verifyHost() { return fail(refusal) }
            ssh.acceptHostKey()
            delegate?.sessionVerifiedHost(self)
            if phase != .dead { try advanceKeyExchange() }
        case .done:
            // libssh2 has no way here past `hostKeyOffered`; login without a checked key must not be possible.
            precondition(hostKey != nil, "a handshake was finished without a host key check")
            phase = .loggingIn
            try startCredential()
            try advanceLogin()
        }
    }

    private func noticeVersion() {
        guard !hasReadVersion, !ssh.serverVersion.isEmpty else { return }
        hasReadVersion = true
        delegate?.sessionReadVersion(self)
    }

    /// Compares the offered key with what is trusted. `nil`: it is.
    private func verifyHost() -> Cause? {
        guard let blob = ssh.hostKey, let key = try? PublicKey(blob: blob) else {
            return Cause(.protocol, "the server ended the key exchange without showing a host key")
        }
        do throws(Cause) {
            let trusted = try login.trust.verify(key.pin, gateway: login.gateway)
            hostKey = trusted
            if trusted.isRetiring {
                logger.warning("the server still uses \(trusted.pin), whose pin is marked to retire")
            }
            return nil
        } catch {
            return error
        }
    }

    // MARK: - Credentials, one after the other

    var credential: Credential? {
        loginState.next < loginState.credentials.count ? loginState.credentials[loginState.next] : nil
    }

    private func startCredential() throws(LibSSH2Error) {
        if credential == nil { offerRSAAgain() }
        guard let credential else { return }
        logger.debug("trying \(credential.name)")
        let signatures = credential.isSHA256Only ? ["rsa-sha2-256"] : Session.rsaSignatures
        try ssh.startLogin(user: login.user, credential.method, rsaSignatures: signatures)
    }

    /// sshd up to 9.x announces every signature algorithm that it knows (kex.c, kex_send_ext_info), not those that it is
    /// configured to take, so rsa-sha2-512 may be refused where rsa-sha2-256 is not. Nothing else was left to try.
    private func offerRSAAgain() {
        let refused = zip(loginState.credentials, loginState.statuses).filter { credential, status in
            credential.mayBeRSA && !credential.isSHA256Only && status.outcome == .refused
        }
        for (credential, _) in refused {
            let again = credential.withSHA256
            loginState.credentials.append(again)
            loginState.statuses.append(CredentialStatus(credential: again.name, outcome: .untried))
        }
    }

    func advanceLogin() throws(LibSSH2Error) {
        while phase == .loggingIn, let credential {
            if credential.isSlow { return pollElsewhere() }
            let result = Result { () throws(LibSSH2Error) in try ssh.pollLogin() }
            if try !settle(result) { return }
        }
        if phase == .preparing { return try advancePreparation() }
        if phase == .loggingIn { fail(refusal) }
    }

    /// - Returns: whether the next credential's turn has come, or the login is over.
    private func settle(_ result: Result<LoginProgress, LibSSH2Error>) throws(LibSSH2Error) -> Bool {
        switch result {
        case .success(.pending): return false
        case .success(.signatureWanted(let request)):
            ask(request)
            return false
        case .success(.done):
            loginState.statuses[loginState.next].outcome = .accepted
            phase = .preparing
            return true
        case .failure(let error):
            guard let (outcome, reason) = Self.outcome(of: error) else { throw error }
            loginState.statuses[loginState.next].outcome = outcome
            if let reason, loginState.statuses[loginState.next].reason == nil {
                loginState.statuses[loginState.next].reason = reason
            }
            loginState.next += 1
            try startCredential()
            return true
        }
    }

    /// `nil` for errors that are not about the credential.
    private static func outcome(of error: LibSSH2Error) -> (CredentialStatus.Outcome, String?)? {
        switch error.code {
        case .authenticationFailed: (.refused, nil)
        case .publicKeyUnverified where error.message.hasPrefix("Callback"): (.unusable, unreadable)
        case .publicKeyUnverified: (.refused, "the signature was not enough")
        case .passwordExpired: (.refused, "the password has expired; the server wants a new one")
        case .methodNone: (.unusable, "the server takes no SHA-2 signature of an RSA key")
        case .sha1Only: (.unusable, error.message)
        case .file, .keyFileAuthFailed: (.unusable, unreadable)
        case .methodNotSupported: (.unusable, "this libssh2 does not know the key's type")
        default: nil
        }
    }

    private static let unreadable =
        "the key cannot be read: another passphrase, or a format or cipher that this libssh2 does not know"

    // MARK: - Signatures of the agent

    private func ask(_ request: SignatureRequest) {
        guard case .agentKey(_, let held, let socket) = credential?.kind else { return }
        let flags: UInt32 =
            switch request.algorithm {
            case "rsa-sha2-512": AgentMessage.rsaSHA512Flag
            case "rsa-sha2-256": AgentMessage.rsaSHA256Flag
            default: 0
            }
        let message = AgentMessage.signRequest(key: held.blob, data: request.data, flags: flags)
        loginState.signing = AgentExchange(
            socket: socket, request: message, deadline: AgentExchange.signDeadline, on: channel.eventLoop
        ) { [weak self] result in
            self?.answered(result, algorithm: request.algorithm)
        }
        loginState.signing?.start()
    }

    private func answered(_ result: Result<AgentReply, Cause>, algorithm: String) {
        loginState.signing = nil
        guard phase == .loggingIn else { return }
        switch result {
        case .success(.signature(algorithm, let blob)):
            ssh.answer(signature: blob)
        case .success(.signature(let other, _)):
            note("the ssh-agent signed with \(printable(other)) instead of \(algorithm)")
        case .success: note("the ssh-agent refused to sign")
        case .failure(let cause): note(cause.message)
        }
        pump()
    }

    private func note(_ reason: String) {
        loginState.statuses[loginState.next].reason = reason
        ssh.answer(signature: nil)
    }

    /// What the login waits for when its time is up.
    func loginTimeout(after seconds: Int) -> Cause {
        if loginState.signing != nil, case .agentKey(_, _, let socket) = credential?.kind {
            return Cause(.agent, "the ssh-agent at \(socket) has not signed within \(seconds) s")
        }
        return Cause(.timeout, "no login within \(seconds) s")
    }

    // MARK: - Keys that take long to decrypt

    /// One step of the login on another thread, so that the other gateways of this loop do not wait for bcrypt. Until it
    /// is back, the loop touches neither libssh2's session nor the transport: see `isAway`.
    private func pollElsewhere() {
        loginState.isAway = true
        let step = ssh.detachLoginStep()
        BlockingPool.shared.runIfActive(eventLoop: channel.eventLoop) { step.run() }
            .assumeIsolated()
            .whenComplete { [self] result in
                loginState.isAway = false
                guard case .success(let progress) = result else {
                    return fail(Cause(.internal, .bug, "no thread to log in on"))
                }
                cameBack(with: progress)
            }
    }

    private func cameBack(with progress: Result<LoginProgress, LibSSH2Error>) {
        let input = loginState.heldInput
        loginState.heldInput = []
        for bytes in input { transport.received(bytes) }
        if let cause = loginState.endsWith { return fail(cause) }
        do throws(LibSSH2Error) {
            // A step that is still pending waits for input: for what came meanwhile, or for the next.
            if try settle(progress) || !input.isEmpty { pump() } else { scheduleFlush() }
        } catch {
            fail(cause(of: error))
        }
    }

    // MARK: - Causes

    private var names: String {
        loginState.statuses.filter { $0.outcome != .untried }.map { status in
            status.reason.map { "\(status.credential) (\(printable($0)))" } ?? status.credential
        }.joined(separator: ", ")
    }

    private var refusal: Cause {
        let isOfAgent = loginState.statuses.allSatisfy { $0.reason?.contains("ssh-agent") == true }
        if isOfAgent { return Cause(.agent, "nobody could sign for \(login.user): \(names)") }
        if loginState.statuses.allSatisfy({ $0.outcome == .unusable }) {
            return Cause(.identity, .needsOperator, "nothing could be used to log in \(login.user): \(names)")
        }
        return Cause(
            .auth, .needsOperator,
            "the server refused to log in \(login.user) with \(names):"
                + " is the public key in \(login.user)'s authorized_keys there?")
    }

    /// What to tell of a libssh2 error in the session's present phase.
    func cause(of error: LibSSH2Error) -> Cause {
        if error.code == .filtered { return Cause(.protocol, "the server sent \(printable(error.message))") }
        switch phase {
        case .keyExchange:
            return missingHostKeyType ?? Cause(.handshake, "key exchange failed: \(printable(error.description))")
        case .loggingIn:
            return refusedByDisconnect ?? Cause(.handshake, "login failed: \(text(of: error))")
        case .preparing, .ready, .dead:
            return Cause(.lost, "session failed: \(text(of: error))")
        }
    }

    /// The server's own last words where there are some.
    private func text(of error: LibSSH2Error) -> String {
        printable(ssh.disconnectMessage.map { "the server said \"\($0)\"" } ?? error.description)
    }

    /// With few attempts allowed (MaxAuthTries), sshd ends the session instead of refusing the key.
    private var refusedByDisconnect: Cause? {
        guard let message = ssh.disconnectMessage, message.contains("authentication") else { return nil }
        let tried = [names, credential?.name ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
        return Cause(
            .auth, .needsOperator, "the server refused to log in \(login.user) with \(tried): \(printable(message))")
    }

    /// A server that no longer has a key of a trusted type fails the negotiation, which only a person can mend.
    private var missingHostKeyType: Cause? {
        let offered = ssh.offeredHostKeyAlgorithms
        let isMissing = !offered.isEmpty && Set(offered).isDisjoint(with: hostKeyAlgorithms)
        guard !login.trust.trusted.isEmpty, isMissing else { return nil }
        return login.trust.missingType(offered: offered, gateway: login.gateway)
    }

    // MARK: - Status

    /// What became of each credential, as far as the login has come.
    var credentialStatuses: [CredentialStatus] { loginState.statuses + login.unusable }

    /// What was negotiated, for `fwd status`.
    var status: SessionStatus? {
        guard phase == .ready, let hostKey else { return nil }
        let methods = ssh.negotiated
        return SessionStatus(
            serverVersion: printable(ssh.serverVersion), hostKey: hostKey.pin, hostKeySource: hostKey.source,
            keyExchange: methods.keyExchange, hostKeyAlgorithm: methods.hostKey, cipherIn: methods.cipherIn,
            cipherOut: methods.cipherOut, macIn: methods.macIn, macOut: methods.macOut,
            identity: credential?.name ?? "", rttSeconds: roundTrip?.inSeconds, isServerNagleOff: isServerNagleOff)
    }
}
