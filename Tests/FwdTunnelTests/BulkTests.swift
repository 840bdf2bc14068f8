import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Bulk transfers", .serialized)
struct BulkTests {
    /// Every cipher that libssh2 and sshd share.
    static let ciphers = [
        "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ]

    @Test("1 GiB each way arrives whole while sshd rekeys every 16 MiB", arguments: RelayTests.kinds, ciphers)
    func survivesRekeys(kind: ForwardSpec.Kind, cipher: String) async throws {
        let size: UInt64 = 1 << 30
        let lines = ["RekeyLimit 16M", "Ciphers \(cipher)", "LogLevel DEBUG1"]
        try await withForward(kind, sshd: SSHDOptions(configuration: lines)) { port, target, fixture, sshd in
            #expect(await fixture.status.session?.cipherIn == cipher)
            let plan = ExchangePlan(seed: 1 << 30, up: size, down: size)
            let received = try await StreamClient.exchange(port: port, plan)
            #expect(received.isExactly(plan.down), "\(received)")
            let sent = try await target.exchanged(seed: plan.seed)
            #expect(sent.isExactly(plan.up), "\(sent)")
            #expect(await fixture.status.connects == 1)
            let keyExchanges = sshd.log.split(whereSeparator: \.isNewline)
                .count { $0.contains("SSH2_MSG_NEWKEYS received") }
            #expect(keyExchanges >= 64, "sshd has rekeyed only \(keyExchanges) times")
        }
    }

    @Test("rekeys under load in both directions on 16 relays lose nothing")
    func survivesRekeysOnManyRelays() async throws {
        try await withForward(.local, sshd: SSHDOptions(configuration: ["RekeyLimit 1M"])) { port, target, fixture, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 0..<16 {
                    group.addTask {
                        let plan = ExchangePlan(seed: UInt64(seed), up: 4 << 20, down: 4 << 20)
                        let received = try await StreamClient.exchange(port: port, plan)
                        #expect(received.isExactly(plan.down), "\(received)")
                        let sent = try await target.exchanged(seed: plan.seed)
                        #expect(sent.isExactly(plan.up), "\(sent)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(await fixture.status.connects == 1)
        }
    }
}
