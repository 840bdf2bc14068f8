import FwdCore
import FwdOpenSSH

extension GatewayDefaults {
    /// What ssh_config gives. ProxyJump is not among it: which gateway a hop is depends on the other files.
    /// - Parameter unmatched: is given each CertificateFile that belongs to none of the identities.
    init(
        _ settings: SSHClientSettings, environment: ConfigEnvironment, unmatched: (String) -> Void = { _ in }
    ) {
        self.init(host: settings.hostName, environment: environment)
        port = settings.port
        user = settings.user
        identities = Self.identities(settings, environment, unmatched)
        offersOnlyIdentities = settings.identitiesOnly
        agent = settings.identityAgent ?? .environment
        knownHosts = settings.userKnownHostsFiles + settings.globalKnownHostsFiles
        hostKeyAlias = settings.hostKeyAlias
        route = settings.proxyCommand.map { .command($0) } ?? .direct(bindAddress: settings.bindAddress)
        connectTimeout = settings.connectTimeout ?? connectTimeout
        aliveCount = settings.serverAliveCountMax
        if let interval = settings.serverAliveInterval, interval > .zero {
            liveness = Liveness(interval: interval, count: settings.serverAliveCountMax)
        }
    }

    private static func identities(
        _ settings: SSHClientSettings, _ environment: ConfigEnvironment, _ unmatched: (String) -> Void
    ) -> [IdentityConfiguration] {
        // Of ssh's usual files those count that are there, and not those whose type fwd cannot use.
        let files = settings.identityFiles.filter { file in
            settings.hasOwnIdentityFiles
                || (environment.fileExists(file) && usualIdentities.contains { file.hasSuffix("/\($0)") })
        }
        var identities = files.map { IdentityConfiguration($0) }
        for certificate in settings.certificateFiles {
            let index = files.firstIndex { CertificateMatch.belongs(certificate, to: $0) }
            // With one of each there is nothing to choose, and the login says if they do not fit.
            let only = files.count == 1 && settings.certificateFiles.count == 1 ? 0 : nil
            if let index = index ?? only { identities[index].certificate = certificate } else { unmatched(certificate) }
        }
        return identities
    }
}

/// Which key a certificate is for: ssh_config lists the two apart from each other.
enum CertificateMatch {
    static func belongs(_ certificate: String, to identity: String) -> Bool {
        if certificate == "\(identity)-cert.pub" { return true }
        guard let key = key(in: certificate), let inner = try? Certificate(key).publicKey else { return false }
        return self.key(in: identity.hasSuffix(".pub") ? identity : "\(identity).pub")?.blob == inner.blob
    }

    private static func key(in path: String) -> PublicKey? {
        guard let bytes = try? FileReader.read(path) else { return nil }
        return try? PublicKey(fileContent: bytes)
    }
}
