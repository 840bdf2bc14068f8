import FwdTestSupport
import Glibc
import Testing

@testable import FwdTunnel

@Suite("A connection to the packet filter", .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
struct NftablesConnectionTests {
    /// libnftables itself would end the process.
    @Test("is refused where no descriptor is left, and the process lives on")
    func survivesFullDescriptorTable() async {
        await #expect(processExitsWith: .exitCode(42)) {
            // It is loaded once, while there are descriptors.
            try NftablesConnection().close()
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            while dup(0) >= 0 {}
            do {
                _ = try NftablesConnection()
            } catch {
                _exit("\(error)".lowercased().contains("too many open files") ? 42 : 1)
            }
        }
    }
}

private let obstacle: String? =
    geteuid() != 0 ? "needs root" : NftablesConnection.problem.map { "needs the packet filter: \($0)" }
