import ArgumentParser
import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

@testable import fwd

@Suite struct AddEditTests {
    static let file = "# mine\ngateway:\n  host: h\n  user: u\nforwards:\n  x: -L 20001:t:2\n"

    @Test func allForwardsAreWrittenOrNone() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write(Self.file, to: "a.yaml")
            let edit = try edit(directory, ["add", "a", "-L", "20002:t:2", "-R", "20003:t:2"])
            let added = try edit.write(["-L 20002:t:2", "-R 20003:t:2"])
            #expect(added.map(\.spec.description) == ["-L 20002:t:2", "-R 20003:t:2"])
            #expect(throws: ConfigError.self) { try edit.write(["-L 20004:t:2", "-L nonsense"]) }
            let text = try text(directory, "a")
            #expect(text.hasPrefix(Self.file))
            #expect(!text.contains("20004"))
        }
    }

    @Test func aNewGatewayGetsItsFile() async throws {
        try await TemporaryDirectory.with { directory in
            let arguments = [
                "add", "new/db", "-L", "20005:t:2", "--host", "h.example.org", "--user", "u", "--port", "2222",
                "--identity",
                "/k", "--host-key", "ssh-ed25519 SHA256:Qe1Jk3mC0x8m5yq2cZlq4Zb1Jm9r7n0u6t5s4w3v2xo",
            ]
            let added = try edit(directory, arguments).write(["-L 20005:t:2"])
            #expect(added.map(\.name) == ["db"])
            let gateway = try #require(try ForwardsDirectory(path: directory.path).load().gateways["new"])
            #expect(gateway.host == "h.example.org")
            #expect(gateway.port == 2222)
            #expect(gateway.login.identities == [IdentityConfiguration("/k")])
            #expect(gateway.trust.pins.map(\.type) == ["ssh-ed25519"])
            #expect(throws: ConfigError.self) { try edit(directory, arguments).write(["-L 20006:t:2"]) }
        }
    }

    private func edit(_ directory: TemporaryDirectory, _ arguments: [String]) throws -> AddEdit {
        let add = try #require(try Fwd.parseAsRoot(arguments) as? Add)
        return AddEdit(
            directory: ForwardsDirectory(path: directory.path), target: add.target, new: add.newGateway)
    }

    private func text(_ directory: TemporaryDirectory, _ gateway: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: directory.file("\(gateway).yaml"))), as: UTF8.self)
    }
}
