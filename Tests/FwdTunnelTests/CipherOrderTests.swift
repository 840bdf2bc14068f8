import FwdTestSupport
import Testing

@testable import FwdTunnel

@Suite struct CipherOrderTests {
    @Test func theFastestIsFirstWhereLibSSH2IsPatched() {
        #expect(CipherOrder.best(isPatched: true, hasAES: true).first == "aes128-gcm@openssh.com")
        #expect(CipherOrder.best(isPatched: true, hasAES: false).first == "chacha20-poly1305@openssh.com")
    }

    @Test(arguments: [true, false]) func aStockLibraryIsAskedForTheOnePathWithoutAKnownCrash(hasAES: Bool) {
        #expect(CipherOrder.best(isPatched: false, hasAES: hasAES).first == "aes256-ctr")
    }

    @Test func everyOrderHasAllCiphers() {
        let orders = [true, false].flatMap { patched in
            [true, false].map { CipherOrder.best(isPatched: patched, hasAES: $0) }
        }
        #expect(Set(orders.map { $0.sorted() }).count == 1)
        #expect(orders[0].count == 6)
    }

    @Test(arguments: [
        ("processor\t: 0\nflags\t\t: fpu aes avx\n", true), ("flags\t\t: fpu avx vaes\n", false),
        ("processor\t: 0\nFeatures\t: fp asimd aes sha1\n", true), ("", false),
    ])
    func theKernelTellsWhetherTheCPUHasAES(text: String, hasAES: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(text, to: "cpuinfo", mode: 0o644)
            #expect(CipherOrder.hasAESInstructions(cpuinfo: path) == hasAES)
        }
    }
}
