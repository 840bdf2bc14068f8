import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// `fwd trust` of the built binary against a real sshd.
@Suite(.serialized) struct TrustTests {
    static let bothTypes = SSHDOptions(hostKeys: [.ed25519, .rsa3072])

    @Test func theExpectedKeyIsPinnedAndNoOther() async throws {
        try await CommandFixture.with(Self.bothTypes) { fixture in
            let (ed, rsa) = (fixture.server.hostKeyPins[0], fixture.server.hostKeyPins[1])
            try fixture.write("site", fixture.gateway(hostKey: ""))
            let result = try await fixture.fwd(["trust", "site", "--expect", rsa.fingerprint])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(result.errors.contains("pinned \(rsa) in \(fixture.forwards)/site.yaml"))
            #expect(Self.cells(result.output, ed) == ["no", "no", "no", "-"])
            #expect(Self.cells(result.output, rsa) == ["no", "yes", "no", "-"])
            let text = try fixture.read("site")
            #expect(text.contains("host-key:\n    - \(rsa)\n"))
            #expect(!text.contains(ed.fingerprint))
            let before = Set(fixture.gateway(hostKey: "").split(separator: "\n"))
            #expect(before.subtracting(text.split(separator: "\n")).isEmpty)
        }
    }

    @Test func anExpectedKeyThatTheServerDoesNotHaveChangesNothing() async throws {
        try await CommandFixture.with(Self.bothTypes) { fixture in
            try fixture.write("site", fixture.gateway(hostKey: ""))
            let foreign = "SHA256:" + String(repeating: "A", count: 43)
            let right = fixture.server.hostKeyPins[0].fingerprint
            let result = try await fixture.fwd(["trust", "site", "--expect", right, "--expect", foreign])
            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("the server does not offer \(foreign)"))
            #expect(try fixture.read("site") == fixture.gateway(hostKey: ""))
        }
    }

    @Test func withoutATerminalAndWithoutAnExpectationNothingIsPinned() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", fixture.gateway(hostKey: ""))
            let result = try await FwdProcess.run(["trust", "site"] + fixture.common, input: "yes\n")
            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("--expect \(fixture.server.hostKeyPins[0].fingerprint)"))
            #expect(try fixture.read("site") == fixture.gateway(hostKey: ""))
        }
    }

    @Test(
        .enabled(if: Terminal.isAvailable, "script of Debian's package bsdutils is not installed"),
        arguments: [("yes", true), ("no", false), ("y\nno", false)])
    func aPersonAtATerminalIsAsked(_ answer: String, _ isPinned: Bool) async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", fixture.gateway(hostKey: ""))
            let result = try await Terminal.run(["trust", "site"] + fixture.common, typing: answer + "\n")
            #expect(result.output.contains("Pin this key? Compare them first with the server's own"))
            #expect(result.output.contains("Please type \"yes\"") == answer.hasPrefix("y\n"))
            #expect(result.exit == .exited(isPinned ? 0 : 1), "\(result.output)")
            #expect(try fixture.read("site").contains("- ssh-ed25519 SHA256:") == isPinned)
        }
    }

    @Test func whatIsPinnedStaysAndMoreIsOffered() async throws {
        try await CommandFixture.with(Self.bothTypes) { fixture in
            let rsa = fixture.server.hostKeyPins[1]
            let before = try fixture.read("site")
            let same = try await fixture.fwd(["trust", "site"])
            #expect(same.exit == .exited(0))
            #expect(same.errors.contains("already pinned; the server also offers \(rsa): fwd trust site --add"))
            #expect(try fixture.read("site") == before)
            let added = try await fixture.fwd(["trust", "site", "--add", "--retire", "--expect", rsa.fingerprint])
            #expect(added.exit == .exited(0), "\(added.errors)")
            let text = try fixture.read("site")
            #expect(text.contains("\(rsa)"))
            #expect(text.contains("{pin: \(fixture.server.hostKeyPins[0]), retire: true}"))
            #expect(text.hasPrefix("# where the tests go\n"))
        }
    }

    @Test func anotherKeyIsAMismatchUntilItReplacesThePin() async throws {
        try await CommandFixture.with { fixture in
            let old = fixture.server.hostKeyPins[0]
            let new = try await SSHKey.shared(.ed25519, name: "other-host").pin
            try await fixture.server.restart(hostKey: .ed25519)
            let before = try fixture.read("site")
            for arguments in [[], ["--expect", new.fingerprint]] {
                let result = try await fixture.fwd(["trust", "site"] + arguments)
                #expect(result.exit == .exited(1))
                #expect(result.errors.contains("HOST KEY MISMATCH: site pins \(old), the server offers \(new)"))
                #expect(result.errors.contains("fwd trust site --replace --expect \(new.fingerprint)\n"))
                #expect(try fixture.read("site") == before)
            }
            let replaced = try await fixture.fwd(["trust", "site", "--replace", "--expect", new.fingerprint])
            #expect(replaced.exit == .exited(0), "\(replaced.errors)")
            let expected = before.replacing("host-key: \(old)", with: "host-key:\n    - \(new)")
            #expect(try fixture.read("site") == expected)
        }
    }

    @Test func theSupervisorTakesTheNewPinUp() async throws {
        try await CommandFixture.with { fixture in
            let new = try await SSHKey.shared(.ed25519, name: "other-host").pin
            try await fixture.server.restart(hostKey: .ed25519)
            try await fixture.running { _ in
                #expect(try await fixture.fwd(["retry", "site"]).output.hasPrefix("site: parked: HOST KEY MISMATCH"))
                let result = try await fixture.fwd(["trust", "site", "--replace", "--expect", new.fingerprint])
                #expect(result.exit == .exited(0), "\(result.errors)")
                #expect(result.output.hasSuffix("\nsite: up\n"))
                let status = try await fixture.fwd(["status", "site"])
                #expect(status.output.contains("trusted by    pin\n"))
                #expect(status.output.contains("credential    key file \(fixture.server.identityPath)  accepted"))
            }
        }
    }

    @Test func aRevokedKeyIsNeverPinned() async throws {
        try await CommandFixture.with { fixture in
            let pin = fixture.server.hostKeyPins[0]
            let line = "@revoked * \(fixture.server.hostKeys[0].publicLine)\n"
            let file = try fixture.directory.write(line, to: "revoked")
            try fixture.write("site", fixture.gateway(hostKey: "", more: "  known-hosts: \(file)\n"))
            let before = try fixture.read("site")
            for arguments in [["--expect", pin.fingerprint], ["--replace", "--expect", pin.fingerprint], []] {
                let result = try await fixture.fwd(["trust", "site"] + arguments)
                #expect(result.exit == .exited(1))
                #expect(result.output.contains("REVOKED at \(file):1"))
                #expect(result.errors.contains("revoked (\(file):1)"))
                #expect(try fixture.read("site") == before)
            }
        }
    }

    @Test func aRevokedPinIsReplacedAlthoughTheFileIsRefused() async throws {
        try await CommandFixture.with { fixture in
            let old = fixture.server.hostKeyPins[0]
            let new = try await SSHKey.shared(.ed25519, name: "other-host").pin
            let line = "@revoked * \(fixture.server.hostKeys[0].publicLine)\n"
            let file = try fixture.directory.write(line, to: "revoked")
            try fixture.write("site", fixture.gateway(more: "  known-hosts: \(file)\n"))
            #expect(try await fixture.fwd(["check"]).exit == .exited(78))
            try await fixture.server.restart(hostKey: .ed25519)
            let result = try await fixture.fwd(["trust", "site", "--replace", "--expect", new.fingerprint])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(result.errors.contains("removed the pin \(old)"))
            let check = try await fixture.fwd(["check"])
            #expect(check.exit == .exited(0), "\(check.output)")
        }
    }

    @Test func knownHostsIsShownBesideTheKeys() async throws {
        try await CommandFixture.with(Self.bothTypes) { fixture in
            let other = try await SSHKey.shared(.rsa3072, name: "other-host").publicLine
            let text = """
                # first
                [127.0.0.1]:\(fixture.server.port) \(fixture.server.hostKeys[0].publicLine)
                [127.0.0.1]:\(fixture.server.port) \(other)

                """
            let file = try fixture.directory.write(text, to: "known")
            try fixture.write("site", fixture.gateway(more: "  known-hosts: \(file)\n"))
            let result = try await fixture.fwd(["trust", "site"])
            let pins = fixture.server.hostKeyPins
            #expect(Self.cells(result.output, pins[0]) == ["yes", "-", "\(file):2", "-"])
            #expect(Self.cells(result.output, pins[1]) == ["no", "-", "another", "key", "at", "\(file):3", "-"])
        }
    }

    @Test func aServerThatCannotBeReachedIsSaidToBe() async throws {
        try await CommandFixture.with { fixture in
            await fixture.server.kill()
            let result = try await fixture.fwd(["trust", "site"])
            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("the host keys of site cannot be fetched: "))
            let unknown = try await fixture.fwd(["trust", "sites"])
            #expect(unknown.exit == .exited(78))
            #expect(unknown.errors.contains("did you mean \"site\"?"))
        }
    }

    @Test func aServerBehindAJumpShowsItsKeysToo() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("inner", fixture.gateway(hostKey: "", more: "  known-hosts: none\n  via: site\n"))
            let pin = fixture.server.hostKeyPins[0]
            let result = try await fixture.fwd(["trust", "inner", "--expect", pin.fingerprint])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(try fixture.read("inner").contains("- \(pin)"))
        }
    }

    /// What stands behind the fingerprint in a row.
    private static func cells(_ table: String, _ key: HostKeyPin) -> [String] {
        let row = table.split(separator: "\n").first { $0.contains(key.fingerprint) }
        return row.map { $0.split(separator: " ").dropFirst(2).map(String.init) } ?? []
    }
}

/// Runs `fwd` with a terminal, by script(1) of util-linux.
enum Terminal {
    static let path = try? ChildProcess.find("script")
    static var isAvailable: Bool { path != nil }

    static func run(_ arguments: [String], typing input: String) async throws -> ProcessResult {
        let script = try #require(path)
        let words = ([try FwdProcess.path()] + arguments).map { "'\($0)'" }.joined(separator: " ")
        return try await ProcessRun.run(script, ["-qec", words, "/dev/null"], input: input)
    }
}
