import FwdCore
import FwdTestSupport
import FwdTunnel
import Glibc
import NIOPosix
import Testing

/// Key files in every format that ssh-keygen writes, with and without a passphrase.
@Suite("Logging in: key files") struct KeyFormatTests {
    struct Format: Sendable, CustomTestStringConvertible {
        let type: SSHKey.KeyType
        /// As `ssh-keygen -m` wants it; absent: OpenSSH's own.
        let name: String?
        var testDescription: String { "\(type) \(name ?? "OpenSSH")" }

        /// ssh-keygen writes Ed25519 in its own format only.
        static let all = SSHKey.KeyType.allCases.flatMap { type in
            ([nil, "PEM", "PKCS8"] as [String?]).filter { type != .ed25519 || $0 == nil }.map {
                Format(type: type, name: $0)
            }
        }
    }

    @Test("OpenSSH, PEM and PKCS#8, in clear and encrypted", arguments: Format.all)
    func reads(format: Format) async throws {
        try await TemporaryDirectory.with { directory in
            let secret = try directory.write("correct horse\n", to: "passphrase")
            let clear = try await SSHKey.generate(format.type, at: directory.file("clear"), format: format.name)
            let encrypted = try await SSHKey.generate(
                format.type, at: directory.file("encrypted"), passphrase: "correct horse", format: format.name)
            // Without the public half beside it, everything must come from the file.
            unlink(clear.path + ".pub")
            unlink(encrypted.path + ".pub")
            let options = SSHDOptions(
                authorizesUserKey: false, authorizedKeys: [clear.publicLine, encrypted.publicLine])
            try await SSHDFixture.with(options) { sshd in
                for identity in [
                    IdentityConfiguration(clear.path),
                    IdentityConfiguration(key: .file(encrypted.path), passphrase: .file(secret)),
                ] {
                    var configuration = sshd.gatewayConfiguration()
                    configuration.login.identities = [identity]
                    try await GatewayFixture.with(configuration) { try await $0.waitUntil(.up) }
                }
                #expect(sshd.acceptedKeys.map(\.fingerprint) == [clear.pin.fingerprint, encrypted.pin.fingerprint])
            }
        }
    }

    @Test(
        "the ciphers of encrypted key files",
        arguments: ["aes256-ctr", "aes128-cbc", "aes256-cbc", "aes256-gcm@openssh.com"])
    func decrypts(cipher: String) async throws {
        try await withEncrypted(cipher) { _, fixture in
            let status = try await fixture.waitUntil(.up)
            #expect(status.credentials.map(\.outcome) == [.accepted])
        }
    }

    @Test("a cipher that libssh2 does not know is told, with what to do")
    func namesUnknownCipher() async throws {
        try await withEncrypted("chacha20-poly1305@openssh.com") { path, fixture in
            let status = try await fixture.waitUntil(.parked)
            #expect(status.credentials.map(\.outcome) == [.unusable])
            #expect(
                status.cause?.message.contains("chacha20-poly1305@openssh.com") == true,
                "\(String(describing: status.cause))")
            #expect(status.cause?.reason == .identity)
        }
    }

    private func withEncrypted(
        _ cipher: String, _ body: (String, GatewayFixture) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("key")
            let secret = try directory.write("correct horse\n", to: "passphrase")
            _ = try await ProcessRun.output(
                of: "ssh-keygen", ["-q", "-t", "ed25519", "-Z", cipher, "-N", "correct horse", "-f", path])
            let line = try #require(readWholeFile(path + ".pub"))
            try await SSHDFixture.with(SSHDOptions(authorizesUserKey: false, authorizedKeys: [line])) { sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.identities = [
                    IdentityConfiguration(key: .file(path), passphrase: .file(secret))
                ]
                try await GatewayFixture.with(configuration) { try await body(path, $0) }
            }
        }
    }

    @Test("a key that takes seconds to decrypt delays no other gateway of the same loop")
    func decryptsElsewhere() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("key")
            let secret = try directory.write("correct horse\n", to: "passphrase")
            _ = try await ProcessRun.output(
                of: "ssh-keygen", ["-q", "-t", "ed25519", "-a", "200", "-N", "correct horse", "-f", path])
            let line = try #require(readWholeFile(path + ".pub"))
            try await SSHDFixture.with(SSHDOptions(authorizedKeys: [line])) { sshd in
                let loop = MultiThreadedEventLoopGroup.singleton.next()
                var slow = sshd.gatewayConfiguration(name: "slow")
                slow.login.identities = [IdentityConfiguration(key: .file(path), passphrase: .file(secret))]
                try await GatewayFixture.with(slow, on: loop) { slow in
                    try await slow.waitUntil(.authenticating)
                    try await GatewayFixture.with(sshd.gatewayConfiguration(name: "quick"), on: loop) { quick in
                        try await quick.waitUntil(.up)
                        #expect(await slow.status.state == .authenticating)
                    }
                    try await slow.waitUntil(.up)
                }
                // Stopped in the middle of it, nothing is left behind.
                try await GatewayFixture.with(slow, on: loop) { try await $0.waitUntil(.authenticating) }
            }
        }
    }

    @Test("a wrong passphrase is told, without the passphrase")
    func namesWrongPassphrase() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try await SSHKey.generate(.ed25519, at: directory.file("key"), passphrase: "right")
            let secret = try directory.write("wrong-passphrase\n", to: "passphrase")
            try await SSHDFixture.with(SSHDOptions(authorizesUserKey: false, authorizedKeys: [key.publicLine])) {
                sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.identities = [
                    IdentityConfiguration(key: .file(key.path), passphrase: .file(secret))
                ]
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.parked)
                    #expect(
                        status.cause?.message.contains("another passphrase") == true,
                        "\(String(describing: status.cause))")
                    #expect("\(status)".contains("wrong-passphrase") == false)
                    #expect(status.cause?.reason == .identity)
                }
            }
        }
    }

    @Test("a secret that others can read is refused as ssh refuses it", arguments: [0o640, 0o604, 0o644, 0o660])
    func refusesExposed(mode: mode_t) async throws {
        try await TemporaryDirectory.with { directory in
            let key = try await SSHKey.generate(.ed25519, at: directory.file("key"))
            let secret = try directory.write("x\n", to: "password")
            chmod(key.path, mode)
            chmod(secret, mode)
            var configuration = GatewayConfiguration(name: "g", host: "127.0.0.1", port: 9, user: "u", keys: [key.path])
            configuration.login.password = .file(secret)
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil(.parked)
                let text = String(mode, radix: 8)
                #expect(status.credentials.map(\.outcome) == [.unusable, .unusable])
                for (status, path) in zip(status.credentials, [key.path, secret]) {
                    #expect(status.reason?.hasPrefix("its mode 0\(text) lets others at it") == true)
                    #expect(status.reason?.hasSuffix("chmod 600 \(path)") == true)
                }
            }
        }
    }

    @Test("a credential of systemd is read from its directory")
    func readsCredential() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try await SSHKey.generate(.ed25519, at: directory.file("tunnel-key"))
            setenv("CREDENTIALS_DIRECTORY", directory.path, 1)
            defer { unsetenv("CREDENTIALS_DIRECTORY") }
            try await SSHDFixture.with(SSHDOptions(authorizesUserKey: false, authorizedKeys: [key.publicLine])) {
                sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.identities = [IdentityConfiguration(key: .credential("tunnel-key"))]
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.up)
                    #expect(status.session?.identity == "key file credential:tunnel-key")
                }
            }
        }
    }

    @Test("a certificate that has expired, or is of another key, is not used, and told")
    func judgesCertificates() async throws {
        try await TemporaryDirectory.with { directory in
            let ca = try await SSHKey.shared(.ed25519, name: "ca")
            let key = try await SSHKey.shared(.ecdsa256, name: "user")
            let expired = try await key.certified(by: ca, principals: [], in: directory, validity: "-2h:-1h")
            let other = try await SSHKey.shared(.ed25519, name: "user")
            try await SSHDFixture.with(SSHDOptions(userKey: .ed25519, trustedUserCA: ca)) { sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.identities = [
                    IdentityConfiguration(expired.path),
                    IdentityConfiguration(key: .file(other.path), certificate: expired.certificatePath),
                ]
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.up)
                    let unusable = status.credentials.filter { $0.outcome == .unusable }
                    #expect(
                        unusable.map(\.credential)
                            == Array(repeating: "certificate \(expired.certificatePath)", count: 2))
                    #expect(unusable.first?.reason?.contains("expired") == true, "\(unusable)")
                    #expect(unusable.last?.reason == "it certifies another key")
                    #expect(
                        status.credentials.filter { $0.outcome == .refused }.map(\.credential) == [
                            "key file \(expired.path)"
                        ])
                }
            }
        }
    }
}
