import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

/// Every type of host key with every type of user key in every form, at a real sshd whose own log says what was used.
@Suite("Logging in: every key with every key") struct LoginMatrixTests {
    /// A key type with the one signature algorithm that the server may use or take for it.
    struct Kind: Sendable, CustomTestStringConvertible {
        let type: SSHKey.KeyType
        let algorithm: String
        var testDescription: String { algorithm }

        static let all = [
            Kind(type: .rsa3072, algorithm: "rsa-sha2-512"), Kind(type: .rsa3072, algorithm: "rsa-sha2-256"),
            Kind(type: .ed25519, algorithm: "ssh-ed25519"), Kind(type: .ecdsa256, algorithm: "ecdsa-sha2-nistp256"),
            Kind(type: .ecdsa384, algorithm: "ecdsa-sha2-nistp384"),
            Kind(type: .ecdsa521, algorithm: "ecdsa-sha2-nistp521"),
        ]
    }

    enum Form: CaseIterable, Sendable {
        case file, encryptedFile, agent, certificate
    }

    @Test("host key by user key by form, as sshd's log confirms", arguments: Kind.all)
    func logsIn(host: Kind) async throws {
        try await TemporaryDirectory.with { directory in
            try await SSHAgentFixture.with { agent in
                let users = try await Users(for: PasswordAccount().user, in: directory, agent)
                for rsa in ["rsa-sha2-512", "rsa-sha2-256"] {
                    try await SSHDFixture.with(options(host, rsa: rsa, users)) { sshd in
                        let kinds = Kind.all.filter {
                            $0.algorithm == rsa || ($0.type != .rsa3072 && rsa.hasSuffix("512"))
                        }
                        for user in kinds {
                            for form in Form.allCases { try await logIn(user, form, users, at: sshd, host) }
                        }
                    }
                }
            }
        }
    }

    private func options(_ host: Kind, rsa: String, _ users: Users) -> SSHDOptions {
        let taken = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", rsa]
        let algorithms = taken + taken.map { "\($0)-cert-v01@openssh.com" }
        return SSHDOptions(
            hostKeys: [host.type],
            configuration: [
                "HostKeyAlgorithms \(host.algorithm)", "PubkeyAcceptedAlgorithms \(algorithms.joined(separator: ","))",
            ],
            authorizesUserKey: false, authorizedKeys: users.authorizedLines, trustedUserCA: users.ca,
            logLevel: "DEBUG2")
    }

    private func logIn(
        _ user: Kind, _ form: Form, _ users: Users, at sshd: SSHDFixture, _ host: Kind
    ) async throws {
        let key = try #require(users.keys[user.type])
        var configuration = sshd.gatewayConfiguration()
        configuration.login = users.login(key, form, user: sshd.user)
        let before = sshd.acceptedKeys.count
        try await GatewayFixture.with(configuration) { fixture in
            let status = try await fixture.waitUntil(.up)
            #expect(status.session?.hostKeyAlgorithm == host.algorithm)
            #expect(status.credentials.map(\.outcome).contains(.accepted), "\(form): \(status.credentials)")
            #expect(status.session?.identity == status.credentials.first { $0.outcome == .accepted }?.credential)
        }
        #expect(sshd.hostKeyAlgorithms.last == host.algorithm)
        let logins = sshd.acceptedKeys
        try #require(logins.count == before + 1)
        let expected = form == .encryptedFile ? key.encrypted : form == .certificate ? key.certified : key.plain
        #expect(logins.last?.fingerprint == expected.pin.fingerprint, "\(user.algorithm) \(form)")
        #expect(logins.last?.keyType?.hasSuffix("-CERT") == (form == .certificate))
        let suffix = form == .certificate ? "-cert-v01@openssh.com" : ""
        let signed = sshd.log.split(whereSeparator: \.isNewline).last { $0.contains("authenticated 1 pkalg") }
        #expect(signed?.contains("authenticated 1 pkalg \(user.algorithm)\(suffix) ") == true, "\(signed ?? "")")
    }

    /// One key of each type for each form.
    struct Users {
        struct Keys {
            let plain, encrypted, certified: SSHKey
        }

        let ca: SSHKey
        let keys: [SSHKey.KeyType: Keys]
        let agent: SSHAgentFixture
        private let passphrase: String

        init(for user: String, in directory: TemporaryDirectory, _ agent: SSHAgentFixture) async throws {
            ca = try await SSHKey.shared(.ed25519, name: "ca")
            self.agent = agent
            passphrase = try directory.write("open sesame\n", to: "passphrase")
            var keys: [SSHKey.KeyType: Keys] = [:]
            for type in SSHKey.KeyType.allCases {
                let plain = try await SSHKey.shared(type, name: "user")
                let other = try await SSHKey.shared(type, name: "certified")
                keys[type] = Keys(
                    plain: plain,
                    encrypted: try await SSHKey.generate(
                        type, at: directory.file("encrypted-\(type)"), passphrase: "open sesame"),
                    certified: try await other.certified(by: ca, principals: [user], in: directory))
                try await agent.add(plain)
            }
            self.keys = keys
        }

        /// The certified keys are not among them: only their certificates let them in.
        var authorizedLines: [String] { keys.values.flatMap { [$0.plain.publicLine, $0.encrypted.publicLine] } }

        func login(_ key: Keys, _ form: Form, user: String) -> LoginConfiguration {
            switch form {
            case .file: LoginConfiguration(user: user, identities: [IdentityConfiguration(key.plain.path)])
            case .encryptedFile:
                LoginConfiguration(
                    user: user,
                    identities: [IdentityConfiguration(key: .file(key.encrypted.path), passphrase: .file(passphrase))])
            case .agent:
                LoginConfiguration(
                    user: user, identities: [IdentityConfiguration(key.plain.path + ".pub")],
                    agent: .path(agent.socketPath))
            case .certificate:
                LoginConfiguration(user: user, identities: [IdentityConfiguration(key.certified.path)])
            }
        }
    }
}
