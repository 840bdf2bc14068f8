import FwdCore
import FwdTestSupport
import Testing

/// Passphrases, passwords and private keys, looked for in everything that the built binary says.
@Suite("Secrets") struct SecretsTests {
    private struct Secrets {
        let passphrase = "passphrase-SuRxLq7eT0"
        let wrongPassphrase = "wrong-passphrase-9kPzVt"
        let wrongPassword = "wrong-password-Xw3HbN"
        let pasted = "pasted-password-Jm5QcD"
        let account = PasswordAccount(password: "account-password-Gd8RfY")
        /// Of the files that were read: any 24 characters of their bodies would be a leak.
        var privateKeys: [String] = []

        var texts: [String] {
            [passphrase, wrongPassphrase, wrongPassword, pasted, account.password] + privateKeys.flatMap(Self.pieces)
        }

        private static func pieces(of path: String) -> [String] {
            let lines = (readWholeFile(path) ?? "").split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }
            // The first lines of OpenSSH's format hold the public key.
            return lines.suffix(2).map { String($0.prefix(24)) }.filter { $0.count == 24 }
        }
    }

    @Test("no log at any level, error, status, metric or check tells one")
    func nothingTells() async throws {
        try await TemporaryDirectory.with { directory in
            var secrets = Secrets()
            let encrypted = try await SSHKey.generate(
                .ed25519, at: directory.file("encrypted"), passphrase: secrets.passphrase)
            secrets.privateKeys = [encrypted.path, try await SSHKey.shared(.ed25519, name: "user").path]
            let canUsePasswords = PasswordAccount.isAvailable
            if !canUsePasswords { print("without a password login: \(PasswordAccount.whatIsMissing)") }
            let options = SSHDOptions(
                authorizedKeys: [encrypted.publicLine], passwordAccount: canUsePasswords ? secrets.account : nil)
            try await SSHDFixture.with(options) { sshd in
                let gateways = try gateways(sshd, encrypted, secrets, directory)
                let files = ["pasted.yaml": "gateway: {host: h, password: \(secrets.pasted)}\n"]
                try await SupervisorFixture.with(gateways, files: files, logLevel: "trace") { fixture in
                    try await fixture.waitUntil(gateway: "encrypted", is: .up)
                    if canUsePasswords { try await fixture.waitUntil(gateway: "password", is: .up) }
                    try await fixture.waitUntil(gateway: "wrong-passphrase", is: .parked)
                    try await fixture.waitUntil(gateway: "wrong-password", is: .parked)
                    let said = try await everything(fixture)
                    // The search itself works: paths are told, and so are public fingerprints.
                    #expect(said.contains(encrypted.path))
                    #expect(said.contains(sshd.hostKeyPins[0].fingerprint))
                    #expect(said.contains("password-file"))
                    for secret in secrets.texts { #expect(!said.contains(secret), "\(secret) is told") }
                }
            }
        }
    }

    private func gateways(
        _ sshd: SSHDFixture, _ encrypted: SSHKey, _ secrets: Secrets, _ directory: TemporaryDirectory
    ) throws -> [GatewayConfiguration] {
        func file(_ name: String, _ text: String) throws -> SecretSource {
            .file(try directory.write(text + "\n", to: name))
        }
        func gateway(_ name: String, _ login: LoginConfiguration) -> GatewayConfiguration {
            var configuration = sshd.gatewayConfiguration(name: name)
            configuration.login = login
            return configuration
        }
        let key = SecretSource.file(encrypted.path)
        let good = IdentityConfiguration(key: key, passphrase: try file("good", secrets.passphrase))
        let bad = IdentityConfiguration(key: key, passphrase: try file("bad", secrets.wrongPassphrase))
        return [
            gateway("encrypted", LoginConfiguration(user: sshd.user, identities: [good])),
            gateway(
                "plain", LoginConfiguration(user: sshd.user, identities: [IdentityConfiguration(sshd.identityPath)])),
            gateway("wrong-passphrase", LoginConfiguration(user: sshd.user, identities: [bad])),
            gateway(
                "password", LoginConfiguration(user: sshd.user, password: try file("right", secrets.account.password))),
            gateway(
                "wrong-password",
                LoginConfiguration(user: sshd.user, password: try file("wrong", secrets.wrongPassword))),
        ]
    }

    private func everything(_ fixture: SupervisorFixture) async throws -> String {
        var said: [String] = []
        for (verb, arguments) in [
            ("status", []), ("status", ["--json"]), ("list", []), ("list", ["--json"]), ("reload", []), ("retry", []),
        ] as [(String, [String])] {
            let result = try await FwdProcess.run([verb, "--control", fixture.control] + arguments)
            said += [result.output, result.errors]
        }
        for verb in ["check", "doctor"] {
            let result = try await FwdProcess.run(
                [verb, "--dir", fixture.forwards] + (verb == "doctor" ? ["encrypted"] : []))
            said += [result.output, result.errors]
        }
        for path in ["/metrics", "/status", "/readyz"] { said.append(try await fixture.health(path).body) }
        return said.joined(separator: "\n") + fixture.log
    }
}
