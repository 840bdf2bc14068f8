import Foundation
import FwdOpenSSH
import FwdTestSupport
import Testing

@Suite struct PrivateKeyFileTests {
    /// What ssh-keygen writes for `-m`.
    struct Case: Sendable, CustomTestStringConvertible {
        let type: SSHKey.KeyType
        let format: String
        let passphrase: String

        var testDescription: String { "\(type) \(format) \(passphrase.isEmpty ? "plain" : "encrypted")" }

        static let all = SSHKey.KeyType.allCases.flatMap { type in
            ["RFC4716", "PEM", "PKCS8"].flatMap { format in
                ["", "secret words"].map { Case(type: type, format: format, passphrase: $0) }
            }
        }

        /// ssh-keygen knows no other format for Ed25519.
        var expected: PrivateKeyFile.Format {
            if format == "RFC4716" || type == .ed25519 { return .openSSH }
            return format == "PEM" ? .pem : .pkcs8
        }
    }

    @Test("files of ssh-keygen are recognised", arguments: Case.all)
    func recognises(_ made: Case) async throws {
        let key = try await SSHKey.shared(made.type, name: "formats")
        try await TemporaryDirectory.with { directory in
            let path = directory.file("key")
            try FileManager.default.copyItem(atPath: key.path, toPath: path)
            _ = try await ProcessRun.output(
                of: "ssh-keygen", ["-q", "-p", "-m", made.format, "-P", "", "-N", made.passphrase, "-f", path])
            let file = try PrivateKeyFile(bytes(of: path))
            #expect(file.format == made.expected)
            #expect(file.isEncrypted == !made.passphrase.isEmpty)
            #expect(file.publicKey?.pin == (made.expected == .openSSH ? key.pin : nil))
            switch made.expected {
            case .openSSH: #expect(file.cipher == (made.passphrase.isEmpty ? "none" : "aes256-ctr"))
            case .pem: #expect(file.cipher == (made.passphrase.isEmpty ? nil : "AES-128-CBC"))
            case .pkcs8: #expect(file.cipher == nil)
            }
        }
    }

    @Test(
        "the cipher of an encrypted file is told",
        arguments: ["aes128-cbc", "aes256-ctr", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"])
    func ciphers(name: String) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("key")
            _ = try await ProcessRun.output(
                of: "ssh-keygen", ["-q", "-t", "ed25519", "-Z", name, "-N", "secret", "-f", path])
            let file = try PrivateKeyFile(bytes(of: path))
            #expect(file.cipher == name)
            #expect(file.isEncrypted)
        }
    }

    @Test("a file of a key that was carried through Windows is read")
    func carriageReturns() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "formats")
        let text = String(decoding: try bytes(of: key.path), as: UTF8.self)
        let file = try PrivateKeyFile(Array(("\r\n" + text.replacingOccurrences(of: "\n", with: "\r\n")).utf8))
        #expect(file.publicKey?.pin == key.pin)
    }

    @Test(
        "what is no private key is refused with what to do",
        arguments: [
            ("", "is no private key file"),
            ("hello", "is no private key file"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me", "is a public key file; name the private one"),
            ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "is a public key file; name the private one"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n", "is a public key file; name the private one"),
            ("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n", "is a public key file; name the private one"),
            (
                "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
                "is a certificate; name the private key it belongs to"
            ),
            (
                "PuTTY-User-Key-File-3: ssh-ed25519\r\n",
                "is a key file of PuTTY; convert it: puttygen FILE.ppk -O private-openssh -o FILE"
            ),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "is no private key file but holds \"CERTIFICATE\""),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n",
                "is cut short or damaged: it is not base64 from its first line to its last"
            ),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
                "is damaged: it does not hold one key in OpenSSH's format"
            ),
        ])
    func refuses(text: String, problem: String) {
        #expect { try PrivateKeyFile(Array(text.utf8)) } throws: { "\($0)" == problem }
    }

    @Test("a file that is too long is refused before it is read")
    func tooLong() {
        let bytes = [UInt8](repeating: 0x41, count: 1 << 20 + 1)
        #expect { try PrivateKeyFile(bytes) } throws: { "\($0)" == "is too long for a private key file" }
    }

    @Test("mutated and cut files never trap")
    func mutations() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "formats")
        let original = try bytes(of: key.path)
        var random = Random(seed: 7)
        var accepted = 0
        for number in 0..<5_000 {
            if number % 100 == 0 { await Task.yield() }
            if (try? PrivateKeyFile(random.mutated(original))) != nil { accepted += 1 }
        }
        // Neither all nor none: the mutations reach beyond the first line.
        #expect((1..<5_000).contains(accepted))
    }
}
