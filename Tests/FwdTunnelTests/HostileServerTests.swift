import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Hostile servers", .serialized)
struct HostileServerTests {
    /// Scripts that must end by themselves in a closed connection and a named cause; "silent" ends by a deadline only.
    static let scripts = HostileScript.all.filter { $0.name != HostileScript.silent.name }

    @Test("each gets a closed connection and a named cause, and no authentication", arguments: scripts)
    func survives(script: HostileScript) async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        let pin = try await SSHKey.shared(.ed25519, name: "host").pin
        try await HostileServer.with(script) { server in
            let configuration = GatewayConfiguration(
                name: "hostile", host: server.host, port: server.port, user: "u", keys: [key.path],
                pins: [pin])
            try await GatewayFixture.with(configuration) { fixture in
                let before = ProcessCounters.own.residentBytes
                let cause = try await eventually("the attempt has failed") { await fixture.status.lastError?.cause }
                #expect([.protocol, .handshake].contains(cause.reason), "\(cause)")
                #expect(!cause.message.isEmpty)
                try await eventually("the connection is closed") { server.connections.first?.end != nil }
                #expect(ProcessCounters.own.residentBytes - before < 32 << 20)
                let connection = try #require(server.connections.first)
                #expect(connection.bytesSent < 8 << 20, "the client went on reading")
                #expect(!connection.hasNewKeys)
            }
        }
    }

    @Test("what the server did is in the cause")
    func namesTheAttack() async throws {
        let expected: [(HostileScript, String)] = [
            (.crashingKEXINIT(name: "ext-info-c"), "a KEXINIT that lists \"ext-info-c\""),
            (.endlessJunkBeforeKex(), "message 2 before the key exchange began"),
            (.endlessBannerLines, "50 lines without an SSH identification"),
            (.longBannerLine, "an identification line of over 255 bytes"),
        ]
        let key = try await SSHKey.shared(.ed25519, name: "user")
        for (script, text) in expected {
            try await HostileServer.with(script) { server in
                let configuration = GatewayConfiguration(
                    name: "hostile", host: server.host, port: server.port, user: "u", keys: [key.path])
                try await GatewayFixture.with(configuration) { fixture in
                    let cause = try await eventually("the attempt has failed") { await fixture.status.lastError?.cause }
                    #expect(cause.message.contains(text), "\(cause)")
                }
            }
        }
    }
}
