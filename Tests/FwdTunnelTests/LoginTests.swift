import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Logging in")
struct LoginTests {
    static let types = SSHKey.KeyType.allCases

    @Test("every host key is verified against its pin, and the pinned type is the one negotiated", arguments: types)
    func verifiesHostKeys(type: SSHKey.KeyType) async throws {
        // The server has all types; only one is pinned.
        try await SSHDFixture.with(SSHDOptions(hostKeys: Self.types)) { sshd in
            let key = try #require(sshd.hostKeys.first { $0.type == type })
            var configuration = sshd.gatewayConfiguration()
            configuration.trust.pins = [key.pin]
            try await GatewayFixture.with(configuration) { fixture in
                let session = try #require(try await fixture.waitUntil(.up).session)
                #expect(session.hostKey == key.pin)
                #expect(HostKeyPin.signatureAlgorithms[key.pin.type]?.contains(session.hostKeyAlgorithm) == true)
                if type == .rsa3072 { #expect(session.hostKeyAlgorithm == "rsa-sha2-512") }
            }
        }
    }

    @Test("an RSA host key is verified with rsa-sha2-256 where the server has nothing better")
    func verifiesRSAWithSHA256() async throws {
        let options = SSHDOptions(hostKeys: [.rsa3072], configuration: ["HostKeyAlgorithms rsa-sha2-256"])
        try await SSHDFixture.with(options) { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration()) { fixture in
                let session = try #require(try await fixture.waitUntil(.up).session)
                #expect(session.hostKeyAlgorithm == "rsa-sha2-256")
            }
        }
    }

    @Test("every type of user key logs in; RSA signs with SHA-2", arguments: types)
    func logsIn(type: SSHKey.KeyType) async throws {
        let options = SSHDOptions(userKey: type, configuration: ["LogLevel DEBUG3"])
        try await SSHDFixture.with(options) { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration()) { fixture in
                let session = try #require(try await fixture.waitUntil(.up).session)
                #expect(session.identity == "key file \(sshd.identityPath)")
            }
            let log = sshd.log
            #expect(log.contains("Accepted publickey"))
            if type == .rsa3072 { #expect(log.contains("rsa-sha2-512")) }
        }
    }

    @Test("a wrong host key parks the gateway before any authentication, and shows both fingerprints")
    func parksOnMismatch() async throws {
        try await SSHDFixture.with { sshd in
            let wrong = try await SSHKey.shared(.ed25519, name: "other-host")
            var configuration = sshd.gatewayConfiguration()
            configuration.trust.pins = [wrong.pin]
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil(.parked)
                let message = try #require(status.cause?.message)
                #expect(message.contains("expected \(wrong.pin)"))
                #expect(message.contains("offered \(sshd.hostKeyPins[0])"))
                #expect(status.cause?.reason == .hostKey)
            }
            #expect(!sshd.log.contains("publickey"))
            #expect(!sshd.log.contains("userauth-request"))
        }
    }

    @Test("a server without a key of the pinned type parks the gateway")
    func parksOnMissingType() async throws {
        try await SSHDFixture.with(SSHDOptions(hostKeys: [.ecdsa256])) { sshd in
            let wrong = try await SSHKey.shared(.ed25519, name: "other-host")
            var configuration = sshd.gatewayConfiguration()
            configuration.trust.pins = [wrong.pin]
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil(.parked)
                #expect(status.cause?.message.contains("the server offers only ecdsa-sha2-nistp256") == true)
            }
        }
    }

    @Test("without a pin nothing is trusted: the gateway parks and shows the key to pin")
    func parksWithoutPin() async throws {
        try await SSHDFixture.with { sshd in
            var configuration = sshd.gatewayConfiguration()
            configuration.trust.pins = []
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil(.parked)
                #expect(status.cause?.message.contains("the server offers \(sshd.hostKeyPins[0])") == true)
            }
            #expect(!sshd.log.contains("publickey"))
        }
    }

    @Test("a refused user key parks the gateway after one attempt; a retry logs in once the key is known")
    func parksOnRefusedKey() async throws {
        try await SSHDFixture.with(SSHDOptions(authorizesUserKey: false)) { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration()) { fixture in
                let status = try await fixture.waitUntil(.parked)
                #expect(status.cause?.reason == .auth)
                #expect(status.cause?.message.contains("refused to log in \(sshd.user)") == true)
                #expect(status.failures == ["auth": 1])
                try sshd.directory.write(sshd.userKey.publicLine + "\n", to: "authorized_keys")
                await fixture.gateway.retry()
                try await fixture.waitUntil(.up)
            }
        }
    }

    @Test("a server that disconnects instead of refusing the key parks the gateway too")
    func parksOnDisconnect() async throws {
        let options = SSHDOptions(configuration: ["MaxAuthTries 1"], authorizesUserKey: false)
        try await SSHDFixture.with(options) { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration()) { fixture in
                let status = try await fixture.waitUntil(.parked)
                #expect(status.cause?.reason == .auth)
                #expect(status.failures == ["auth": 1])
            }
        }
    }

    @Test("the second key file is used where the first is refused")
    func triesNextIdentity() async throws {
        try await SSHDFixture.with { sshd in
            let stranger = try await SSHKey.shared(.ecdsa256, name: "stranger")
            var configuration = sshd.gatewayConfiguration()
            configuration.login.identities = [stranger.path, sshd.identityPath].map { IdentityConfiguration($0) }
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await fixture.waitUntil(.up)
                #expect(status.session?.identity == "key file \(sshd.identityPath)")
            }
        }
    }

    @Test("a key file that cannot be used is named, with its reason")
    func namesBadIdentities() async throws {
        try await TemporaryDirectory.with { directory in
            let text = try directory.write("hello\n", to: "text")
            let encrypted = try await SSHKey.generate(.ed25519, at: directory.file("encrypted"), passphrase: "secret")
            let cases = [
                (directory.file("absent"), "no such file or directory"),
                (text, "no private key file"),
                (
                    encrypted.path,
                    "it is encrypted: name its passphrase under \"passphrase-file\", or load it into the agent"
                ),
            ]
            for (path, reason) in cases {
                let configuration = GatewayConfiguration(
                    name: "g", host: "127.0.0.1", port: 9, user: "u", keys: [path])
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.parked)
                    #expect(status.cause?.message == "key file \(path): \(reason)")
                    #expect(status.cause?.reason == .identity)
                }
            }
        }
    }

    @Test("a name that does not resolve is told, and retried")
    func namesResolverFailure() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        // Too long for DNS, so that nobody is asked.
        let host = String(repeating: "x", count: 64)
        let configuration = GatewayConfiguration(name: "g", host: host, user: "u", keys: [key.path])
        try await GatewayFixture.with(configuration) { fixture in
            let cause = try await eventually("the failure is told") { await fixture.status.lastError?.cause }
            #expect(cause.reason == .dns)
            #expect(cause.message.hasPrefix("cannot resolve \(host): "), "\(cause.message)")
            #expect(await fixture.status.state != .parked)
        }
    }

    @Test(
        "the account needs no session: forwarding works with MaxSessions 0 and with restrict",
        arguments: [
            SSHDOptions(configuration: ["MaxSessions 0"]),
            SSHDOptions(keyOptions: "restrict,port-forwarding,command=\"/bin/false\""),
        ])
    func needsNoSession(options: SSHDOptions) async throws {
        try await withForward(.local, sshd: options) { port, _, fixture, _ in
            let plan = ExchangePlan(seed: 2, up: 500_000, down: 500_000)
            #expect(try await StreamClient.exchange(port: port, plan).isExactly(plan.down))
            try await eventually("the round trip is measured") { await fixture.status.session?.rttSeconds != nil }
        }
    }
}
