/// What becomes of each keyword of ssh_config(5) here.
enum SSHKeyword {
    enum Treatment: Hashable, Sendable { case used, irrelevant, notHonoured }

    /// The keyword as ssh_config(5) spells it, and its treatment. What a newer ssh has and this table has not is not
    /// honoured.
    static func look(up keyword: String) -> (name: String, treatment: Treatment) {
        table[keyword.lowercased()] ?? (keyword, .notHonoured)
    }

    private static let table: [String: (name: String, treatment: Treatment)] = {
        let lists: [(String, Treatment)] = [(used, .used), (irrelevant, .irrelevant), (notHonoured, .notHonoured)]
        var table: [String: (name: String, treatment: Treatment)] = [:]
        for (names, treatment) in lists {
            for line in names.split(separator: "\n") where !line.hasPrefix("#") {
                for name in line.split(separator: " ") { table[name.lowercased()] = (String(name), treatment) }
            }
        }
        return table
    }()

    private static let used = """
        # What ssh itself has worked out by the time it answers.
        Host Match Include Tag Hostname Port User IgnoreUnknown
        # Logging in.
        IdentityFile IdentitiesOnly IdentityAgent CertificateFile
        # Trust.
        UserKnownHostsFile GlobalKnownHostsFile HostKeyAlias
        # The way to the server.
        ProxyJump ProxyCommand BindAddress ConnectTimeout ServerAliveInterval ServerAliveCountMax
        # Taken over by `fwd import`. ssh -G leaves out what ClearAllForwardings clears.
        LocalForward RemoteForward DynamicForward ClearAllForwardings
        """

    private static let irrelevant = """
        # No command or shell is ever run on the server, and nobody sits at a terminal.
        SendEnv SetEnv RequestTTY EscapeChar EnableEscapeCommandline RemoteCommand SessionType StdinNull
        ForkAfterAuthentication BatchMode NumberOfPasswordPrompts VisualHostKey FingerprintHash
        ObscureKeystrokeTiming WarnWeakCrypto
        # The log is fwd's own.
        LogLevel LogVerbose SyslogFacility
        # One session carries all forwards anyway.
        ControlMaster ControlPath ControlPersist
        # Never forwarded.
        ForwardX11 ForwardX11Trusted ForwardX11Timeout XAuthLocation ForwardAgent
        # Forwards and connections are retried for ever, each on its own; liveness is watched by other means.
        ExitOnForwardFailure ConnectionAttempts TCPKeepAlive
        # fwd is always strict, and never writes to known_hosts or to an agent.
        StrictHostKeyChecking CheckHostIP HashKnownHosts UpdateHostKeys AddKeysToAgent
        # Debian switches it on for every host; the engine has no GSSAPI.
        GSSAPIAuthentication GSSAPIClientIdentity GSSAPIDelegateCredentials GSSAPIKeyExchange GSSAPIKexAlgorithms
        GSSAPIRenewalForcesRekey GSSAPIServerIdentity GSSAPITrustDns
        # Only means something together with HostbasedAuthentication, which is reported.
        EnableSSHKeysign HostbasedAcceptedAlgorithms
        """

    private static let notHonoured = """
        # The engine has its own list of strong algorithms.
        Ciphers MACs KexAlgorithms HostKeyAlgorithms PubkeyAcceptedAlgorithms CASignatureAlgorithms RequiredRSASize
        RekeyLimit Compression
        # Other ways to log in, and restrictions of them.
        PreferredAuthentications PubkeyAuthentication PasswordAuthentication KbdInteractiveAuthentication
        KbdInteractiveDevices HostbasedAuthentication PKCS11Provider SecurityKeyProvider
        # Other sources of trust, and exceptions from it.
        RevokedHostKeys VerifyHostKeyDNS KnownHostsCommand NoHostAuthenticationForLocalhost
        # The way to the server.
        AddressFamily BindInterface IPQoS ProxyUseFdpass VersionAddendum RefuseConnection
        # ssh follows the name while it answers; fwd does not again at each login.
        CanonicalizeHostname CanonicalDomains CanonicalizeFallbackLocal CanonicalizeMaxDots
        CanonicalizePermittedCNAMEs
        # How forwards behave; fwd's own file says it for each of them.
        GatewayPorts PermitRemoteOpen StreamLocalBindMask StreamLocalBindUnlink ChannelTimeout
        # More than forwards.
        Tunnel TunnelDevice LocalCommand PermitLocalCommand
        """
}

extension SSHClientSettings {
    /// The keywords with an effect for this host that fwd does not honour.
    ///
    /// - Parameter baseline: what ssh says to the same host, user and port without any configuration
    ///   (`SSHConfigFile.none`).
    /// - Returns: in alphabetical order, as ssh_config(5) spells them: "Ciphers".
    public func unhonoured(comparedTo baseline: SSHClientSettings) -> [String] {
        let keywords = Set(values.keys).union(baseline.values.keys)
        return keywords.filter { values[$0] != baseline.values[$0] }.map(SSHKeyword.look(up:))
            .filter { $0.treatment == .notHonoured }.map(\.name).sorted()
    }
}
