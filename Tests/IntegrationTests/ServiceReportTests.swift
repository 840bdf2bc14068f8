import Foundation
import FwdCore
import FwdTestSupport
import Glibc
import Testing

@Suite("What the service manager is told", .serialized)
struct ServiceReportTests {
    @Test("a HUP is a reload that began after it, and its end is told")
    func reloadsBySignal() async throws {
        try await withSupervisor { fixture, receiver in
            try await eventually("it is ready") { receiver.last("READY") == "1" }
            let before = Self.monotonic()
            fixture.process.send(SIGHUP)
            try await eventually("it has reloaded") { receiver.messages(with: "READY").count == 2 }
            #expect(receiver.messages(with: "RELOADING").count == 1)
            let began = try #require(receiver.last("MONOTONIC_USEC").flatMap { UInt64($0) })
            #expect((before...Self.monotonic()).contains(began))
            let order = receiver.messages.filter { !$0.hasPrefix("STATUS") && !$0.hasPrefix("WATCHDOG") }
            #expect(order.last == "READY=1")
        }
    }

    @Test("the status line follows the forwards")
    func saysHowItIs() async throws {
        try await SSHDFixture.with { sshd in
            let forward = try ForwardConfiguration("web", "-L \(FreePorts.next()):127.0.0.1:9")
            let gateway = sshd.gatewayConfiguration(name: "gw", forwards: [forward])
            try await withSupervisor([gateway]) { fixture, receiver in
                try await eventually("it says that the gateway is up") {
                    receiver.last("STATUS")?.hasPrefix("gateways up: 1, forwards up: ") == true
                }
                await sshd.stop()
                try await eventually("it says that the gateway is not up") {
                    receiver.last("STATUS")?.hasPrefix("gateways up: 0 of 1, ") == true
                }
            }
        }
    }

    @Test("the watchdog is told again and again, and not while the process stands still")
    func lives() async throws {
        try await withSupervisor(environment: ["WATCHDOG_USEC": "200000"]) { fixture, receiver in
            try await eventually("it lives") { receiver.messages(with: "WATCHDOG").count > 3 }
            fixture.process.send(SIGSTOP)
            let count = receiver.messages(with: "WATCHDOG").count
            let end = ContinuousClock.now + .milliseconds(500)
            try await eventually("two of its intervals are over") { ContinuousClock.now > end }
            #expect(receiver.messages(with: "WATCHDOG").count <= count + 1)
            fixture.process.send(SIGCONT)
            try await eventually("it lives again") { receiver.messages(with: "WATCHDOG").count > count + 3 }
        }
    }

    @Test("a watchdog that waits for another process is not told")
    func isMeant() async throws {
        let environment = ["WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"]
        try await withSupervisor(environment: environment) { fixture, receiver in
            try await eventually("it is ready") { receiver.last("READY") == "1" }
            fixture.process.send(SIGTERM)
            #expect(try await fixture.process.waitForExit() == .exited(0))
            #expect(receiver.last("STOPPING") == "1")
            #expect(receiver.last("WATCHDOG") == nil)
        }
    }

    private func withSupervisor(
        _ gateways: [GatewayConfiguration] = [], environment: [String: String] = [:],
        _ body: (SupervisorFixture, NotifyReceiver) async throws -> Void
    ) async throws {
        let receiver = try NotifyReceiver(path: "@fwd-test-\(UUID().uuidString)")
        let environment = environment.merging(["NOTIFY_SOCKET": receiver.path]) { given, _ in given }
        try await SupervisorFixture.with(gateways, environment: environment) { try await body($0, receiver) }
    }

    private static func monotonic() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
    }
}
