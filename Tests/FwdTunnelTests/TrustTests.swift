import FwdCore
import FwdOpenSSH
import FwdTestSupport
import FwdTunnel
import Glibc
import Logging
import Testing

/// Which host keys are trusted, at a real sshd.
@Suite("Trust") struct TrustTests {
    private func withServer(
        _ types: [SSHKey.KeyType] = [.ed25519], _ body: (SSHDFixture, TemporaryDirectory) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            try await SSHDFixture.with(SSHDOptions(hostKeys: types)) { try await body($0, directory) }
        }
    }

    private func trusting(
        _ sshd: SSHDFixture, _ trust: HostTrust, _ body: (GatewayFixture) async throws -> Void
    ) async throws {
        var configuration = sshd.gatewayConfiguration()
        configuration.trust = trust
        try await GatewayFixture.with(configuration, body)
    }

    @Test("without pins, known_hosts decides; status names its line")
    func usesKnownHosts() async throws {
        try await withServer { sshd, directory in
            let line = "[127.0.0.1]:\(sshd.port) \(sshd.hostKeys[0].publicLine)\n"
            let file = try directory.write("# mine\n" + line, to: "known_hosts")
            _ = try await ProcessRun.output(of: "ssh-keygen", ["-q", "-H", "-f", file])
            try await trusting(sshd, HostTrust(knownHosts: [directory.file("absent"), file])) { fixture in
                let status = try await fixture.waitUntil(.up)
                #expect(status.session?.hostKeySource == "\(file):2")
            }
        }
    }

    @Test("another key in known_hosts is a mismatch, and named with its line")
    func refusesOtherKeyOfKnownHosts() async throws {
        try await withServer { sshd, directory in
            let other = try await SSHKey.shared(.ed25519, name: "other-host")
            let file = try directory.write("[127.0.0.1]:\(sshd.port) \(other.publicLine)\n", to: "known_hosts")
            try await trusting(sshd, HostTrust(knownHosts: [file])) { fixture in
                let message = try #require(try await fixture.waitUntil(.parked).cause?.message)
                #expect(
                    message.hasPrefix("HOST KEY MISMATCH: expected \(other.pin) (\(file):1), offered"), "\(message)")
                #expect(
                    message.hasSuffix("fwd trust gateway --replace --expect \(sshd.hostKeyPins[0].fingerprint)"),
                    "\(message)")
            }
            #expect(!sshd.log.contains("publickey"))
        }
    }

    @Test("a revoked key loses, although it is pinned, and although known_hosts trusts it too")
    func obeysRevocation() async throws {
        try await withServer { sshd, directory in
            let key = sshd.hostKeys[0].publicLine
            let file = try directory.write(
                "[127.0.0.1]:\(sshd.port) \(key)\n@revoked * \(key)\n", to: "known_hosts")
            for pins in [sshd.hostKeyPins, []] {
                try await trusting(sshd, HostTrust(pins: pins, knownHosts: [file])) { fixture in
                    let message = try #require(try await fixture.waitUntil(.parked).cause?.message)
                    #expect(message.hasPrefix("HOST KEY REVOKED"), "\(message)")
                    #expect(message.contains("\(file):2"), "\(message)")
                }
            }
            #expect(!sshd.log.contains("publickey"))
        }
    }

    @Test("a known_hosts file that cannot be read may revoke any key: nothing is trusted")
    func failsClosed() async throws {
        try await withServer { sshd, directory in
            // Even root cannot read a directory as a file.
            let trust = HostTrust(pins: sshd.hostKeyPins, knownHosts: [directory.path])
            try await trusting(sshd, trust) { fixture in
                let status = try await fixture.waitUntil(.parked)
                #expect(status.cause?.message.contains("\(directory.path) cannot be read") == true)
                #expect(status.cause?.reason == .hostKey)
            }
            #expect(!sshd.log.contains("publickey"))
        }
    }

    @Test("an authority alone does not help: the engine cannot negotiate host certificates, and says so")
    func namesAuthority() async throws {
        try await withServer { sshd, directory in
            let ca = try await SSHKey.shared(.ed25519, name: "ca")
            let file = try directory.write("@cert-authority * \(ca.publicLine)\n", to: "known_hosts")
            try await trusting(sshd, HostTrust(knownHosts: [file])) { fixture in
                let message = try #require(try await fixture.waitUntil(.parked).cause?.message)
                #expect(
                    message.contains("host certificates (@cert-authority, \(file):1) are not supported"), "\(message)")
            }
        }
    }

    @Test("HostKeyAlias is the name that is looked up")
    func usesAlias() async throws {
        try await withServer { sshd, directory in
            let file = try directory.write("bastion \(sshd.hostKeys[0].publicLine)\n", to: "known_hosts")
            try await trusting(sshd, HostTrust(knownHosts: [file], hostKeyAlias: "bastion")) { fixture in
                try await fixture.waitUntil(.up)
            }
        }
    }

    @Test("a pin that retires is used only where the server has no other pinned key")
    func prefersOtherPins() async throws {
        try await withServer([.ed25519, .ecdsa256]) { sshd, _ in
            let pins = sshd.hostKeyPins
            for (retiring, used) in [(pins[0], pins[1]), (pins[1], pins[0])] {
                try await trusting(sshd, HostTrust(pins: pins, retiring: [retiring])) { fixture in
                    let session = try #require(try await fixture.waitUntil(.up).session)
                    #expect(session.hostKey == used)
                    #expect(session.hostKeySource == "pin")
                }
            }
        }
        try await withServer { sshd, _ in
            let pins = sshd.hostKeyPins
            try await trusting(sshd, HostTrust(pins: pins, retiring: Set(pins))) { fixture in
                let status = try await fixture.waitUntil(.up)
                #expect(status.session?.hostKeySource == "retiring pin")
            }
        }
    }

    @Test("a server that changes to another pinned type goes on")
    func acceptsOtherPinnedType() async throws {
        try await withServer { sshd, _ in
            let next = try await SSHKey.shared(.ecdsa384, name: "next-host")
            try await trusting(sshd, HostTrust(pins: sshd.hostKeyPins + [next.pin])) { fixture in
                try await fixture.waitUntil(.up)
                try await sshd.restart(hostKey: .ecdsa384, name: "next-host")
                try await eventually("it is up again") { await fixture.status.session?.hostKey == next.pin }
            }
        }
    }

    @Test("a scan finds the keys of all types without logging in, also through another gateway")
    func scans() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await withServer(SSHKey.KeyType.allCases) { sshd, _ in
            let direct = sshd.gatewayConfiguration(name: "direct")
            let keys = try await HostKeyScan(direct, among: [:], logger: logger).keys()
            #expect(Set(keys.map(\.pin)) == Set(sshd.hostKeyPins))
            #expect(!sshd.log.contains("publickey"))

            var behind = direct
            behind.route = .via("direct")
            let others = ["direct": direct, "behind": behind]
            let found = try await HostKeyScan(behind, among: others, logger: logger).keys()
            #expect(found.map(\.pin) == keys.map(\.pin))
            try await eventually("its sessions end") { await sshd.sessionCount == 0 }
        }
    }
}
