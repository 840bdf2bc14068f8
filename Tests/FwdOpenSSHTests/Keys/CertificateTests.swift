import FwdCore
import FwdOpenSSH
import FwdTestSupport
import Testing

@Suite struct CertificateTests {
    @Test("certificates of ssh-keygen are read", arguments: SSHKey.KeyType.allCases)
    func reads(type: SSHKey.KeyType) async throws {
        let key = try await SSHKey.shared(type, name: "certified")
        let authority = try await SSHKey.shared(.ecdsa256, name: "authority")
        let line = try await sign(
            key, by: authority, ["-I", "an id", "-n", "bob,alice", "-z", "42", "-V", "20260102030405Z:20270102030405Z"])
        let certificate = try Certificate(PublicKey(line: line))
        #expect(certificate.publicKey.line == (try PublicKey(line: key.publicLine)).line)
        #expect(certificate.keyType == key.pin.type)
        #expect(certificate.keyID == "an id")
        #expect(certificate.serial == 42)
        #expect(certificate.principals == ["bob", "alice"])
        #expect(certificate.validAfter == 1_767_323_045)
        #expect(certificate.validBefore == 1_798_859_045)
        #expect(certificate.isUserCertificate)
        #expect(certificate.signingKey.pin == authority.pin)
    }

    @Test("a certificate without limits is valid for ever and for anybody")
    func unlimited() async throws {
        let line = try await sign(.ed25519, ["-I", "x"])
        let certificate = try Certificate(PublicKey(line: line))
        #expect(certificate.validAfter == 0)
        #expect(certificate.validBefore == .max)
        #expect(certificate.principals.isEmpty)
        #expect(certificate.problem(now: 0) == nil)
        #expect(certificate.problem(now: .max - 1) == nil)
    }

    @Test("the fingerprint of a certificate is that of the key inside, as ssh-keygen prints it")
    func fingerprint() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "certified")
        let line = try await sign(.ed25519, ["-I", "x"])
        let certificate = try PublicKey(line: line)
        #expect(certificate.isCertificate)
        #expect(certificate.fingerprint == key.pin.fingerprint)
        #expect(certificate.pin != key.pin)
    }

    @Test("a certificate is good from its first second up to, not including, its last")
    func validity() async throws {
        let line = try await sign(.ed25519, ["-I", "x", "-V", "20260102030405Z:20270102030405Z"])
        let certificate = try Certificate(PublicKey(line: line))
        #expect(certificate.problem(now: 1_767_323_044) == "is not valid before 2026-01-02T03:04:05Z")
        #expect(certificate.problem(now: 1_767_323_045) == nil)
        #expect(certificate.problem(now: 1_798_859_044) == nil)
        #expect(certificate.problem(now: 1_798_859_045) == "expired at 2027-01-02T03:04:05Z")
    }

    @Test("a host's certificate is none to log in with")
    func host() async throws {
        let line = try await sign(.ed25519, ["-I", "x", "-h", "-n", "example.org"])
        let certificate = try Certificate(PublicKey(line: line))
        #expect(certificate.problem(now: 0) == "is a host certificate, not a user's")
    }

    @Test("a plain key is no certificate")
    func plain() async throws {
        let key = try PublicKey(line: try await SSHKey.shared(.ed25519, name: "certified").publicLine)
        #expect { try Certificate(key) } throws: { "\($0)" == "is no certificate but a key of type ssh-ed25519" }
    }

    @Test("mutated and cut certificates never trap")
    func mutations() async throws {
        let original = try PublicKey(line: try await sign(.ed25519, ["-I", "x", "-n", "a,b"])).blob
        var random = Random(seed: 3)
        var accepted = 0
        for number in 0..<20_000 {
            if number % 100 == 0 { await Task.yield() }
            guard let key = try? PublicKey(blob: random.mutated(original)) else { continue }
            #expect(!key.fingerprint.isEmpty)
            if let certificate = try? Certificate(key) {
                accepted += 1
                _ = certificate.problem(now: 1)
            }
        }
        #expect((1..<20_000).contains(accepted))
    }

    private func sign(_ type: SSHKey.KeyType, _ arguments: [String]) async throws -> String {
        let key = try await SSHKey.shared(type, name: "certified")
        return try await sign(key, by: try await SSHKey.shared(.ecdsa256, name: "authority"), arguments)
    }

    /// The line that `ssh-keygen -s` writes.
    private func sign(_ key: SSHKey, by authority: SSHKey, _ arguments: [String]) async throws -> String {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(key.publicLine + "\n", to: "key.pub")
            _ = try await ProcessRun.output(of: "ssh-keygen", ["-q", "-s", authority.path] + arguments + [path])
            return String(decoding: try bytes(of: directory.file("key-cert.pub")), as: UTF8.self)
        }
    }
}
