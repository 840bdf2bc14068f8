import FwdTestSupport
import NIOCore
import Testing

@Suite struct HostileServerTests {
    /// What ssh-keyscan prints. Some scripts keep it busy for ever, so it is ended after a second.
    private func scan(_ server: HostileServer) async throws -> String {
        let arguments = ["-T", "1", "-t", "ed25519", "-p", "\(server.port)", "127.0.0.1"]
        return try await ProcessRun.running("ssh-keyscan", arguments) { scanner in
            _ = try? await scanner.waitForExit(within: .seconds(1))
            return scanner.standardOutput
        }
    }

    @Test(arguments: HostileScript.all)
    func `The real client gets no key out of any script`(script: HostileScript) async throws {
        try await HostileServer.with(script) { server in
            let keys = try await scan(server)
            #expect(keys == "")
            try await eventually("the client is gone") {
                !server.connections.isEmpty && server.connections.allSatisfy { $0.end != nil }
            }
            for connection in server.connections { #expect(!connection.hasNewKeys) }
        }
    }

    @Test func `What the client sends is recorded`() async throws {
        try await HostileServer.with(.crashingKEXINIT(name: "ext-info-c", before: ["none"])) { server in
            _ = try await scan(server)
            let connection = try await eventually("the client has sent its KEXINIT") {
                server.connections.first { $0.messageNumbers.contains(20) }
            }
            #expect(String(buffer: connection.received).hasPrefix("SSH-2.0-"))
            #expect(connection.bytesReceived == connection.received.readableBytes)
        }
    }

    @Test(arguments: [HostileScript.endlessBannerLines, .longBannerLine, .endlessJunkBeforeKex(.unknown)])
    func `Endless scripts send as long as the client reads`(script: HostileScript) async throws {
        try await HostileServer.with(script) { server in
            try await StreamClient.with(port: server.port) { client in
                try await client.send("SSH-2.0-Test\r\n")
                var count = 0
                while count < 20_000_000, case .bytes(let bytes) = await client.stream.read() {
                    count += bytes.readableBytes
                }
                #expect(count >= 20_000_000)
                #expect(try #require(server.connections.first).bytesSent >= 20_000_000 - 65_536 * 2)
            }
            try await eventually("the end is noticed") { server.connections.allSatisfy { $0.end != nil } }
        }
    }
}
