import FoundationEssentials
import FwdCore
import LibSSH2
import Logging

extension SSHSession {
    /// What may be negotiated. On a stock libssh2, AES-CTR with a plain MAC comes first: the only path without a known
    /// crash behind the key exchange. SHA-1 signatures and DH group exchange are not offered.
    enum Algorithms {
        static let keyExchange = [
            "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp521",
        ]
        static let ciphers = [
            "aes256-ctr", "aes192-ctr", "aes128-ctr", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com",
            "chacha20-poly1305@openssh.com",
        ]
        static let macs = [
            "hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
        ]
        static let userSignatures = ["rsa-sha2-512", "rsa-sha2-256"]
        /// Best first.
        static let hostKeyTypes = [
            "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
        ]
    }

    /// The signature algorithms of the pinned types alone, so that the server must use a key of a pinned type; all of
    /// them where nothing is pinned, to show what the server offers.
    private var hostKeyAlgorithms: [String] {
        let pinned = Set(login.pins.map(\.type))
        return Algorithms.hostKeyTypes.filter { pinned.isEmpty || pinned.contains($0) }
            .flatMap { HostKeyPin.signatureAlgorithms[$0] ?? [] }
    }

    func prepareMethods() throws(LibSSH2Error) {
        try ssh.prefer(Algorithms.keyExchange, for: .keyExchange)
        try ssh.prefer(hostKeyAlgorithms, for: .hostKey)
        try ssh.prefer(Algorithms.ciphers, for: .cipher)
        try ssh.prefer(Algorithms.macs, for: .mac)
        try ssh.prefer(Algorithms.userSignatures, for: .signature)
    }

    func advanceKeyExchange() throws(LibSSH2Error) {
        switch try ssh.handshake() {
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
            startLogin()
            try advanceLogin()
        }
    }

    /// Compares the offered key with the pins. `nil`: it is one of them.
    private func verifyHost() -> Cause? {
        guard let key = ssh.hostKey else {
            return Cause(.protocol, "the server ended the key exchange without showing a host key")
        }
        let offered = HostKeyPin(type: key.type, sha256: key.sha256)
        if login.pins.contains(offered) {
            hostKey = offered
            return nil
        }
        guard !login.pins.isEmpty else {
            return Cause(
                .hostKey, .needsOperator,
                "no host key is pinned; the server offers \(offered): compare it with the server's own"
                    + " (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then add it under \"host-key\"")
        }
        return Cause(
            .hostKey, .needsOperator,
            "HOST KEY MISMATCH: expected \(login.pins.map(\.description).joined(separator: " or ")),"
                + " offered \(offered): somebody may be in between, or the server was reinstalled")
    }

    private func startLogin() {
        phase = .loggingIn
        untriedIdentities = login.identities[...]
        startNextIdentity()
    }

    private func startNextIdentity() {
        guard let identity = untriedIdentities.first else { return }
        ssh.startLogin(user: login.user, privateKey: identity.contents.value)
    }

    func advanceLogin() throws(LibSSH2Error) {
        while let identity = untriedIdentities.first {
            do throws(LibSSH2Error) {
                guard case .done = try ssh.pollLogin() else { return }
                phase = .preparing
                return try advancePreparation()
            } catch {
                guard Self.isAboutTheKey(error) else { throw error }
                let isRefused = error.code == .authenticationFailed || error.code == .publicKeyUnverified
                refusedIdentities.append(isRefused ? identity.path : "\(identity.path) (\(printable(error.message)))")
                untriedIdentities.removeFirst()
                startNextIdentity()
            }
        }
        fail(
            Cause(
                .auth, .needsOperator,
                "the server refused to log in \(login.user) with \(refusedIdentities.joined(separator: ", ")):"
                    + " is the public key in \(login.user)'s authorized_keys there?"))
    }

    private static func isAboutTheKey(_ error: LibSSH2Error) -> Bool {
        switch error.code {
        case .authenticationFailed, .publicKeyUnverified, .file, .keyFileAuthFailed, .methodNotSupported: true
        default: false
        }
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
        let keys = refusedIdentities + untriedIdentities.prefix(1).map(\.path)
        return Cause(
            .auth, .needsOperator,
            "the server refused to log in \(login.user) with \(keys.joined(separator: ", ")): \(printable(message))")
    }

    /// A server that no longer has a key of a pinned type fails the negotiation, which only a person can mend.
    private var missingHostKeyType: Cause? {
        let offered = ssh.offeredHostKeyAlgorithms
        let isMissing = !offered.isEmpty && Set(offered).isDisjoint(with: hostKeyAlgorithms)
        guard !login.pins.isEmpty, isMissing else { return nil }
        return Cause(
            .hostKey, .needsOperator,
            "HOST KEY MISMATCH: expected \(login.pins.map(\.description).joined(separator: " or ")),"
                + " the server offers only \(printable(offered.joined(separator: ", ")))")
    }

    /// What was negotiated, for `fwd status`.
    var status: SessionStatus? {
        guard phase == .ready, let hostKey else { return nil }
        let methods = ssh.negotiated
        return SessionStatus(
            serverVersion: printable(ssh.serverVersion), hostKey: hostKey, keyExchange: methods.keyExchange,
            hostKeyAlgorithm: methods.hostKey, cipherIn: methods.cipherIn, cipherOut: methods.cipherOut,
            macIn: methods.macIn, macOut: methods.macOut, identity: untriedIdentities.first?.path ?? "",
            rttSeconds: roundTrip?.inSeconds, isServerNagleOff: isServerNagleOff)
    }
}

extension HostKeyPin {
    /// - Parameter sha256: the digest of the key's blob.
    init(type: String, sha256: [UInt8]) {
        let base64 = Data(sha256).base64EncodedString().prefix { $0 != "=" }
        self.init(type: printable(type, limit: 64), fingerprint: "SHA256:\(base64)")
    }
}
