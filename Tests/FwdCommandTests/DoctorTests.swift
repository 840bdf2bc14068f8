import Foundation
import FwdControl
import FwdCore
import FwdTestSupport
import Testing

/// Logs in at a real sshd that allows what `fwd doctor` prints.
@Suite(.serialized) struct DoctorTests {
    /// Forwards of every shape to targets that echo, and what none of them may do.
    struct Site: Sendable {
        let targets: [TargetServer]
        let local: [UInt16] = (0..<3).map { _ in FreePorts.next() }
        let remote: [UInt16] = (0..<6).map { _ in FreePorts.next() }
        let forbidden: [UInt16] = (0..<3).map { _ in FreePorts.next() }

        static func with(_ body: (Site) async throws -> Void) async throws {
            try await TargetServer.with(.identity("A")) { first in
                try await TargetServer.with(.identity("B")) { second in
                    try await TargetServer.with(.identity("C"), host: "::1") { third in
                        try await TargetServer.with(.identity("D")) { unlisted in
                            try await body(Site(targets: [first, second, third, unlisted]))
                        }
                    }
                }
            }
        }

        /// Where one listens, and who answers there.
        var ends: [(host: String, port: UInt16, name: String)] {
            [
                ("127.0.0.1", local[0], "A"), ("127.0.0.1", local[1], "B"), ("::1", local[2], "C"),
                ("127.0.0.1", remote[0], "A"), ("127.0.0.1", remote[1], "B"), ("::1", remote[2], "C"),
                ("127.0.0.2", remote[3], "A"), ("127.0.0.1", remote[4], "B"), ("127.0.0.4", remote[5], "A"),
            ]
        }

        var forwards: String {
            """
              l0: -L \(local[0]):127.0.0.1:\(targets[0].port)
              l1: -L \(local[1]):localhost:\(targets[1].port)
              l2: -L [::1]:\(local[2]):[::1]:\(targets[2].port)
              r0: -R \(remote[0]):127.0.0.1:\(targets[0].port)
              r1: -R 127.0.0.1:\(remote[1]):127.0.0.1:\(targets[1].port)
              r2: -R [::1]:\(remote[2]):[::1]:\(targets[2].port)
              r3: -R 127.0.0.2:\(remote[3]):127.0.0.1:\(targets[0].port)
              r4: -R Localhost:\(remote[4]):127.0.0.1:\(targets[1].port)
              r5: -R *:\(remote[5]):127.0.0.1:\(targets[0].port)

            """
        }

        /// Another target, another spelling of an allowed one, another port, another address of an allowed port.
        /// Without probes, whose failure would be the last one instead of the client's.
        var unlisted: String {
            """
              target: {spec: -L \(forbidden[0]):127.0.0.1:\(targets[3].port), probe: off}
              spelling: {spec: -L \(forbidden[1]):127.0.0.2:\(targets[0].port), probe: off}
              port: -R \(forbidden[2]):127.0.0.1:\(targets[0].port)
              address: -R 127.0.0.3:\(remote[1]):127.0.0.1:\(targets[0].port)

            """
        }
    }

    @Test func theLineOfAuthorizedKeysAllowsTheForwardsAndNothingElse() async throws {
        try await Site.with { site in
            let printed = try await Self.doctor(site, ["--authorized-keys"])
            #expect(printed.errors.contains("GatewayPorts clientspecified"))
            let line = printed.output.trimmingCharacters(in: .newlines)
            #expect(line.hasSuffix(try await SSHKey.shared(.ed25519, name: "user").publicLine))
            let options = SSHDOptions(
                configuration: ["GatewayPorts clientspecified"], authorizesUserKey: false, authorizedKeys: [line])
            try await Self.check(site, options)
        }
    }

    @Test func theMatchBlockAllowsTheForwardsAndNothingElse() async throws {
        try await Site.with { site in
            let printed = try await Self.doctor(site, ["--sshd-config"])
            let block = printed.output.split(separator: "\n").map(String.init)
            #expect(block.first == "Match User \(NSUserName())")
            try await Self.check(site, SSHDOptions(configuration: block))
        }
    }

    @Test(arguments: [false, true]) func withoutForwardsNothingIsAllowed(_ byLine: Bool) async throws {
        try await Site.with { site in
            let arguments = [byLine ? "--authorized-keys" : "--sshd-config"]
            let printed = try await Self.doctor(site, arguments, forwards: "  off: {spec: -L 1:h:2, enabled: false}\n")
            let lines = printed.output.split(separator: "\n").map(String.init)
            let options =
                byLine
                ? SSHDOptions(authorizesUserKey: false, authorizedKeys: lines) : SSHDOptions(configuration: lines)
            try await CommandFixture.with(options) { fixture in
                let low = "  low: -R FORBIDDEN.invalid:1:127.0.0.1:9\n"
                try fixture.write("site", fixture.gateway(forwards: site.unlisted + low))
                try await fixture.running { _ in
                    try await Self.expectRefused(fixture, "site", ["target", "spelling"], site.forbidden)
                    try await Self.expectNotListening(fixture, "site", ["port", "address", "low"])
                }
            }
        }
    }

    @Test func aJumpMayOnlyReachWhatGoesThroughIt() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("outer", fixture.gateway())
            try fixture.write("inner", fixture.gateway(more: "  known-hosts: none\n  via: outer\n"))
            let result = try await fixture.fwd(["doctor", "outer", "--authorized-keys"])
            #expect(result.output.contains("port-forwarding,permitopen=\"127.0.0.1:\(fixture.server.port)\",permit"))
            let unknown = try await fixture.fwd(["doctor", "nobody"])
            #expect(unknown.exit == .exited(78))
        }
    }

    @Test func withoutAKeyFileAPlaceholderSaysWhatIsMissing() async throws {
        try await CommandFixture.with { fixture in
            let text = fixture.gateway().replacing(fixture.server.identityPath, with: "/nowhere/id_ed25519")
            try fixture.write("site", text)
            let result = try await fixture.fwd(["doctor", "site", "--authorized-keys"])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(result.output.hasSuffix("command=\"true\" PUBLIC-KEY\n"))
            #expect(result.errors.contains("ssh-keygen -y -f /nowhere/id_ed25519 shows it"))
        }
    }

    // MARK: - Steps

    private static func doctor(
        _ site: Site, _ arguments: [String], forwards: String? = nil
    ) async throws -> ProcessResult {
        try await TemporaryDirectory.with { directory in
            let key = try await SSHKey.shared(.ed25519, name: "user")
            try directory.write(
                """
                gateway:
                  host: 127.0.0.1
                  user: \(NSUserName())
                  identity: \(key.path)
                  known-hosts: none
                  ssh-config: none
                forwards:
                \(forwards ?? site.forwards)
                """, to: "site.yaml")
            let result = try await FwdProcess.run(
                ["doctor", "site", "--dir", directory.path, "--control", directory.file("c.sock")] + arguments)
            #expect(result.exit == .exited(0), "\(result.errors)")
            return result
        }
    }

    private static func check(_ site: Site, _ options: SSHDOptions) async throws {
        try await CommandFixture.with(options) { fixture in
            try fixture.write("site", fixture.gateway(forwards: site.forwards))
            try fixture.write("other", fixture.gateway(forwards: site.unlisted))
            try await fixture.running { _ in
                let retried = try await fixture.fwd(["retry", "site"])
                #expect(retried.output == "site: up\n")
                for end in site.ends {
                    try await StreamClient.with(host: end.host, port: end.port) { client in
                        #expect(await client.receive(count: 1) == end.name, "\(end)")
                    }
                }
                try await expectRefused(fixture, "other", ["target", "spelling"], site.forbidden)
                try await expectNotListening(fixture, "other", ["port", "address"])
                #expect(site.targets[3].totalConnections == 0)
            }
        }
    }

    /// Connections through these local forwards end without a byte, because the server will not open them.
    private static func expectRefused(
        _ fixture: CommandFixture, _ gateway: String, _ names: [String], _ ports: [UInt16]
    ) async throws {
        _ = try await fixture.fwd(["retry", gateway])
        for (name, port) in zip(names, ports) {
            // The connection may be gone before it is ours to read from.
            let received = try? await StreamClient.with(port: port) { await $0.receive().text }
            #expect((received ?? "") == "", "\(name)")
            let status = try await fixture.forward("\(gateway)/\(name)")
            let cause = try #require(status?.lastError?.cause, "\(name)")
            #expect(cause.reason == .forbidden, "\(cause)")
            #expect(cause.message.contains("forbidden by the server"), "\(cause)")
        }
    }

    private static func expectNotListening(
        _ fixture: CommandFixture, _ gateway: String, _ names: [String]
    ) async throws {
        for name in names {
            let status = try await eventually("the server has answered about \(name)") {
                try await fixture.forward("\(gateway)/\(name)").flatMap { $0.state == .waiting ? nil : $0 }
            }
            #expect(status.state != .up, "\(name)")
            #expect(status.cause?.reason == .remoteListen, "\(name)")
        }
    }
}
