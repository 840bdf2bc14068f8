import Foundation
import FwdOpenSSH
import FwdTestSupport
import Testing

/// A real ssh decides about a real server's key with the same files.
@Suite struct KnownHostsAgainstSSHTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// KEY is the server's key, OTHER another one of its type, PORT the server's port.
        let text: String
        var alias: String?
        let isAccepted: Bool

        var testDescription: String { text + (alias.map { " as \($0)" } ?? "") }
    }

    static let cases = [
        Case(text: "[127.0.0.1]:PORT KEY", isAccepted: true),
        Case(text: "127.0.0.1 KEY", isAccepted: true),
        Case(text: "[127.0.0.1]:22 KEY", isAccepted: false),
        Case(text: "127.0.0.1 KEY|[127.0.0.1]:PORT OTHER", isAccepted: false),
        Case(text: "127.0.0.1 KEY|@revoked [127.0.0.1]:PORT OTHER", isAccepted: true),
        Case(text: "127.0.0.1 KEY|@revoked [127.0.0.1]:PORT KEY", isAccepted: false),
        Case(text: "127.0.0.1 KEY|@cert-authority [127.0.0.1]:PORT OTHER", isAccepted: true),
        Case(text: "[127.0.0.1]:PORT OTHER|[127.0.0.1]:PORT KEY", isAccepted: true),
        Case(text: "@revoked * KEY|[127.0.0.1]:PORT KEY", isAccepted: false),
        Case(text: "[127.0.0.1]:PORT KEY|@revoked * KEY", isAccepted: false),
        Case(text: "[127.0.0.1]:PORT KEY|@revoked *,!* KEY", isAccepted: true),
        Case(text: "*,![127.0.0.1]:PORT KEY", isAccepted: true),
        Case(text: "*,!*127.0.0.1* KEY", isAccepted: false),
        Case(text: "@cert-authority * KEY", isAccepted: false),
        Case(text: "@unknown * KEY", isAccepted: false),
        Case(text: "", isAccepted: false),
        Case(text: "bar KEY", alias: "Bar", isAccepted: true),
        Case(text: "[bar]:PORT KEY", alias: "bar", isAccepted: false),
        Case(text: "[127.0.0.1]:PORT KEY", alias: "bar", isAccepted: false),
        Case(text: "BAR KEY\r|", alias: "bar", isAccepted: true),
    ]

    @Test("ssh accepts and refuses the same")
    func decisions() async throws {
        try await SSHDFixture.with { server in
            for (number, item) in Self.cases.enumerated() {
                let file = try server.directory.write(text(item, server), to: "hosts\(number)")
                let answer = KnownHosts.read([file]).lookUp(host: server.host, port: server.port, alias: item.alias)
                let key = try PublicKey(line: server.hostKeys[0].publicLine)
                let isAccepted =
                    answer.trusted.contains { $0.key.blob == key.blob } && answer.revocation(of: key) == nil
                #expect(isAccepted == item.isAccepted, "\(item.text)")
                #expect(try await isAcceptedBySSH(server, file, item.alias) == item.isAccepted, "ssh: \(item.text)")
            }
        }
    }

    private func text(_ item: Case, _ server: SSHDFixture) -> String {
        item.text.replacingOccurrences(of: "|", with: "\n").replacingOccurrences(of: "PORT", with: "\(server.port)")
            .replacingOccurrences(of: "KEY", with: server.hostKeys[0].publicLine)
            .replacingOccurrences(of: "OTHER", with: placeholder())
    }

    /// Whether ssh goes on to log in, for which it has no means.
    private func isAcceptedBySSH(_ server: SSHDFixture, _ file: String, _ alias: String?) async throws -> Bool {
        let alias = alias.map { ["-o", "HostKeyAlias=\($0)"] } ?? []
        let options = [
            "UserKnownHostsFile=\(file)", "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes",
            "PreferredAuthentications=none", "BatchMode=yes", "UpdateHostKeys=no",
        ].flatMap { ["-o", $0] }
        let result = try await ProcessRun.run(
            "ssh", ["-F", "none", "-p", "\(server.port)"] + options + alias + ["--", server.host, "true"])
        let isRefused = result.errors.contains("Host key verification failed")
        #expect(isRefused || result.errors.contains("Permission denied"), "\(result.errors)")
        return !isRefused
    }
}
