import Dispatch
import FwdCore
import FwdTestSupport
import NIOPosix
import Testing

@testable import FwdTunnel

@Suite("Listening at a name", .serialized)
struct ListenNameTests {
    /// In capitals it is no word of ours, and the system looks it up.
    private static let name = "LOCALHOST"

    @Test(
        "while a name is looked up another forward listens; who is removed meanwhile does not listen afterwards",
        arguments: [true, false])
    func looksUpBeside(isRemoved: Bool) async throws {
        let (slow, other) = (
            Self.forward("slow", at: Self.name), ForwardConfiguration.local("other", port: FreePorts.next(), to: 1)
        )
        try await SSHDFixture.with { sshd in
            let pool = OccupiedPool()
            defer { pool.releaseAll() }
            var configuration = sshd.gatewayConfiguration(forwards: [slow, other])
            try await GatewayFixture.with(configuration) { fixture in
                try await eventually("the other listens") { try await fixture.forward("other").boundPort != nil }
                #expect(await fixture.status.forwards.count == 2, "the loop answers")
                #expect(FreePorts.isFree(slow.spec.listenPort))
                if isRemoved {
                    configuration.forwards = [other]
                    await fixture.gateway.update(configuration)
                }
                try await pool.lookUpWhatWaits()
                // The answer came to the loop before this question.
                #expect(await fixture.status.forwards.count == (isRemoved ? 1 : 2))
                if isRemoved {
                    #expect(FreePorts.isFree(slow.spec.listenPort))
                } else {
                    try await eventually("it listens") { try await fixture.forward("slow").boundPort != nil }
                }
            }
        }
    }

    @Test("a name that is not known degrades that forward alone, and is told")
    func namesUnknown() async throws {
        // Too long for a label of a name (RFC 1035, section 2.3.4): no server is asked.
        let name = String(repeating: "x", count: 70)
        let forward = Self.forward("f", at: name)
        try await SSHDFixture.with { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forward])) { fixture in
                let cause = try await fixture.waitUntil("f", is: .degraded).cause
                #expect(cause?.reason == .bind)
                let start = "cannot listen on \(name):\(forward.spec.listenPort): cannot resolve \(name): "
                #expect(cause?.message.hasPrefix(start) == true, "\(cause?.message ?? "")")
                try await fixture.waitUntil(.up)
            }
        }
    }

    private static func forward(_ name: String, at host: String) -> ForwardConfiguration {
        ForwardConfiguration(
            name: name,
            spec: ForwardSpec(
                kind: .local, listen: .init(address: .address(host), port: FreePorts.next()),
                target: .init(host: "127.0.0.1", port: 1)))
    }
}

/// Holds all threads of the blocking pool, as names do whose servers do not answer.
private final class OccupiedPool: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    init() {
        for _ in 0..<BlockingPool.threadCount { BlockingPool.shared.submit { [semaphore] _ in semaphore.wait() } }
    }

    /// One thread does it all, in its order.
    func lookUpWhatWaits() async throws {
        semaphore.signal()
        try await BlockingPool.shared.runIfActive {}
    }

    func releaseAll() {
        for _ in 0..<BlockingPool.threadCount { semaphore.signal() }
    }
}
