import FwdCore
import FwdOpenSSH
import FwdTestSupport
import Testing

@testable import fwd

@Suite struct TrustViewTests {
    /// DNS has the first key's type with another key.
    @Test(arguments: [(true, "mismatch"), (false, "mismatch, not authenticated")])
    func whatDNSSaysStandsInTheLastColumn(_ isAuthenticated: Bool, _ verdict: String) async throws {
        let keys = [try await Self.key(.ed25519), try await Self.key(.rsa3072)]
        let record = SSHFPRecords.Record(algorithm: 4, fingerprint: Array(repeating: 0, count: 32))
        let dns = SSHFPRecords(records: [record], isAuthenticated: isAuthenticated)
        let trust = HostTrust(pins: [keys[0].pin, keys[1].pin], retiring: [keys[1].pin])
        let rows = keys.map {
            HostKeyEvidence($0, trust: trust, known: .init(), dns: dns, expected: [keys[1].fingerprint])
        }
        let lines = TrustView.render(rows, .plain).split(separator: "\n").dropFirst().map(Self.words)
        #expect(
            lines == [
                ["ssh-ed25519", keys[0].fingerprint, "yes", "no", "no", verdict],
                ["ssh-rsa", keys[1].fingerprint, "retiring", "yes", "no", "none"],
            ])
    }

    private static func key(_ type: SSHKey.KeyType) async throws -> PublicKey {
        try PublicKey(line: try await SSHKey.shared(type, name: "host").publicLine)
    }

    /// Columns have at least two blanks between them.
    private static func words(_ line: Substring) -> [String] {
        line.split(separator: #/ {2,}/#).map(String.init)
    }
}
