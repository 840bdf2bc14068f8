import FwdOpenSSH
import FwdTestSupport
import Testing

@Suite struct PublicKeyTests {
    @Test("the fingerprint is ssh-keygen's", arguments: SSHKey.KeyType.allCases)
    func fingerprints(type: SSHKey.KeyType) async throws {
        let key = try await SSHKey.shared(type, name: "public")
        let parsed = try PublicKey(line: key.publicLine)
        #expect(parsed.pin == key.pin)
        #expect(parsed.comment == "test")
        #expect("\(parsed.line) test" == key.publicLine)
    }

    @Test(
        "what is no key is refused with its reason",
        arguments: [
            ("", "is not \"type base64 [comment]\""), ("ssh-ed25519", "is not \"type base64 [comment]\""),
            ("ssh-ed25519 %%%", "has a blob that is not base64"),
            ("ssh-ed25519 AAAA", "has a blob that does not begin with a key type"),
            ("ssh-rsa AAAAC3NzaC1lZDI1NTE5", "says ssh-rsa but holds a key of another type"),
        ])
    func refuses(line: String, problem: String) {
        #expect { try PublicKey(line: line) } throws: { ($0 as? PublicKey.Problem)?.description == problem }
    }
}
