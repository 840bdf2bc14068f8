import Foundation
import FwdCore
import FwdTestSupport
import Testing

@Suite("The machine's network", .serialized)
struct NetworkChangeTests {
    /// What is missing at first, and how it comes.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: @Sendable (NetworkNamespace) -> String
        let mend: @Sendable (NetworkNamespace) -> String
        let reason: String

        static let all = [
            Change(
                testDescription: "a link that comes up", before: { "link set \($0.insideLink) down" },
                mend: { "link set \($0.insideLink) up" }, reason: "is up"),
            Change(
                testDescription: "an address that is added", before: { "address flush dev \($0.insideLink)" },
                mend: { "address add \($0.inside)/30 dev \($0.insideLink)" }, reason: "address added"),
        ]
    }

    @Test("ends a long backoff at once", arguments: Change.all)
    func endsBackoff(_ change: Change) async throws {
        if let obstacle = NetworkNamespace.obstacle {
            print("skipped: a network namespace \(obstacle)")
            return
        }
        try await NetworkNamespace.with { space in
            var options = SSHDOptions()
            options.address = space.outside
            try await SSHDFixture.with(options) { sshd in
                try await space.configure(change.before(space))
                let gateway = sshd.gatewayConfiguration(name: "gw")
                try await SupervisorFixture.with([gateway], under: space.wrapper) { fixture in
                    let planned = try await longWait(of: fixture)
                    try await space.configure(change.mend(space))
                    try await fixture.waitUntil(gateway: "gw", is: .up)
                    let since = try await fixture.snapshot().gateways[0].since
                    #expect(since.secondsSince1970 < planned.secondsSince1970 - 1)
                    let lines = fixture.log.split(separator: "\n").filter { $0.contains("the network may be another") }
                    #expect((1...2).contains(lines.count), "\(lines)")
                    #expect(lines.first?.contains(change.reason) == true, "\(lines)")
                }
            }
        }
    }

    /// When the next attempt is planned, once that is more than eight seconds away.
    private func longWait(of fixture: SupervisorFixture) async throws -> Timestamp {
        try await eventually(within: .seconds(240), "the gateway waits for long") { () async throws -> Timestamp? in
            let status = try await fixture.snapshot().gateways[0]
            guard status.state == .backingOff, let next = status.nextRetry else { return nil }
            return next.secondsSince1970 - Date().timeIntervalSince1970 > 8 ? next : nil
        }
    }
}
