import Foundation
import FwdCore
import FwdTestSupport
import LibSSH2
import Testing

/// Each failure must be named in `fwd list`, in the log and in an exit code, and disturb nothing else.
@Suite("Failures, as the operator sees them", .serialized)
struct FailureTests {
    @Test("each failing gateway and forward says why, in list, log and exit code; the good ones run")
    func namesEveryFailure() async throws {
        try await SSHDFixture.with { sshd in
            try await SSHDFixture.with(SSHDOptions(authorizesUserKey: false)) { strict in
                try await SSHDFixture.with(SSHDOptions(configuration: ["AllowTcpForwarding no"])) { forbidding in
                    try await run(sshd, strict, forbidding)
                }
            }
        }
    }

    private func run(_ sshd: SSHDFixture, _ strict: SSHDFixture, _ forbidding: SSHDFixture) async throws {
        let target = try await TargetServer.start(.greeting("hello"))
        let heldPort = FreePorts.next()
        let held = try await TargetServer.start(.echo, port: heldPort)
        let held6 = FreePorts.hasIPv6 ? try await TargetServer.start(.echo, host: "::1", port: heldPort) : nil
        let (goodPort, refusedPort, forbiddenPort) = (FreePorts.next(), FreePorts.next(), FreePorts.next())

        let good = sshd.gatewayConfiguration(
            name: "good",
            forwards: [
                try ForwardConfiguration("web", "-L \(goodPort):127.0.0.1:\(target.port)"),
                try ForwardConfiguration("back", "-R 0:127.0.0.1:\(target.port)"),
                try ForwardConfiguration("busy-here", "-L \(heldPort):127.0.0.1:\(target.port)"),
                try ForwardConfiguration("busy-there", "-R \(heldPort):127.0.0.1:\(target.port)"),
                try ForwardConfiguration("refused", "-L \(refusedPort):127.0.0.1:1"),
            ])
        var impostor = sshd.gatewayConfiguration(name: "impostor")
        impostor.trust.pins = [try await SSHKey.shared(.ed25519, name: "other-host").pin]
        let stranger = strict.gatewayConfiguration(name: "stranger")
        let forbidden = forbidding.gatewayConfiguration(
            name: "forbidden",
            forwards: [
                try ForwardConfiguration("out", "-L \(forbiddenPort):127.0.0.1:\(target.port)"),
                try ForwardConfiguration("in", "-R 0:127.0.0.1:\(target.port)"),
            ])
        var nameless = sshd.gatewayConfiguration(name: "nameless")
        nameless.host = "no-such-host.invalid"
        let bad = "gateway:\n  host: example.org\n  usr: me\n"

        let gateways = [good, impostor, stranger, forbidden, nameless]
        try await SupervisorFixture.with(gateways, files: ["bad.yaml": bad]) { fixture in
            try await fixture.waitUntil("good/web", is: .up)
            try await fixture.waitUntil("good/back", is: .up)
            try await fixture.waitUntil("good/busy-here", is: .degraded)
            try await fixture.waitUntil("good/busy-there", is: .degraded)
            try await fixture.waitUntil("forbidden/in", is: .degraded)
            try await fixture.waitUntil(gateway: "impostor", is: .parked)
            try await fixture.waitUntil(gateway: "stranger", is: .parked)
            for port in [refusedPort, forbiddenPort] {
                _ = try? await StreamClient.with(port: port) { await $0.receiveDigest() }
            }

            let refused = LibSSH2Library.opensInParallel ? "Connection refused" : "connect failed"
            let expected: [(exitOf: String, text: String)] = [
                ("good", "cannot listen on localhost:\(heldPort): address already in use"),
                ("good", "localhost:\(heldPort) is in use at the server"),
                // The server's own words where libssh2 passes them on: "Connection refused".
                ("good", "127.0.0.1:1 cannot be reached from the gateway: \(refused)"),
                ("impostor", "HOST KEY MISMATCH: expected \(impostor.trust.pins[0])"),
                ("impostor", "offered \(sshd.hostKeyPins[0])"),
                ("stranger", "the server refused to log in \(strict.user)"),
                ("forbidden", "forbidden by the server (AllowTcpForwarding"),
                ("forbidden", "the server refused to listen on localhost:0"),
                ("nameless", "cannot resolve no-such-host.invalid"),
                ("bad", "bad.yaml:3:3: gateway.usr: unknown key, did you mean \"user\"?"),
            ]
            for (gateway, text) in expected {
                let list = try await eventually("\(text) is in the list") {
                    let list = try await fixture.fwd("list")
                    return list.output.contains(text) || list.errors.contains(text) ? list : nil
                }
                #expect(list.exit == .exited(0))
                #expect(fixture.log.contains(text), "\(text) is not in the log")
                let status = try await fixture.fwd("status", gateway)
                #expect(status.exit == .exited(1) || status.exit == .exited(78), "\(gateway): \(status.exit)")
            }
            // Nothing else is disturbed.
            let greeting = try await StreamClient.with(port: goodPort) { await $0.receive().text }
            #expect(greeting == "hello")
            #expect(try await fixture.snapshot().gateways.first { $0.name == "good" }?.connects == 1)
            let ready = try await fixture.health("/readyz/good/web")
            #expect(ready.status == 200)
            let notReady = try await fixture.health("/readyz")
            #expect(notReady.status == 503)
            #expect(notReady.body.contains("HOST KEY MISMATCH"))
        }
        await held.stop()
        await held6?.stop()
        await target.stop()
    }

    @Test("`fwd check` names file, line and column of a malformed file, and exits 78")
    func checksMalformedFiles() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("gateway:\n  host: [\n", to: "broken.yaml")
            let result = try await FwdProcess.run(["check", "--dir", directory.path])
            #expect(result.exit == .exited(78))
            #expect((result.output + result.errors).contains("broken.yaml:"))
        }
    }

    @Test("verbs without a supervisor say so and exit 69; wrong usage exits 64")
    func namesMissingSupervisor() async throws {
        try await TemporaryDirectory.with { directory in
            let result = try await FwdProcess.run(["list", "--control", directory.file("none.sock")])
            #expect(result.exit == .exited(69))
            #expect(result.errors.contains("no supervisor runs at"))
            let usage = try await FwdProcess.run(["lst"])
            #expect(usage.exit == .exited(64))
        }
    }

    @Test("`fwd add` on a full disk names the disk, changes nothing and exits non-zero")
    func survivesFullDisk() async throws {
        guard getuid() == 0 else {
            print("skipped: a full disk needs root, to mount a small tmpfs")
            return
        }
        try await SSHDFixture.with { sshd in
            try await SupervisorFixture.with([sshd.gatewayConfiguration(name: "gw")]) { fixture in
                let before = try String(contentsOfFile: fixture.forwards + "/gw.yaml", encoding: .utf8)
                let small = fixture.directory.file("small")
                try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
                _ = try await ProcessRun.output(of: "mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", small])
                do {
                    try before.write(toFile: small + "/gw.yaml", atomically: false, encoding: .utf8)
                    _ = try await ProcessRun.run("sh", ["-c", "cat /dev/zero > \(small)/filler"])
                    let result = try await fixture.fwd("add", "--dir", small, "gw/web", "-L", "\(FreePorts.next()):h:1")
                    #expect(result.exit != .exited(0))
                    #expect(result.errors.contains("No space left on device"), "\(result.errors)")
                    #expect(try String(contentsOfFile: small + "/gw.yaml", encoding: .utf8) == before)
                    let files = try FileManager.default.contentsOfDirectory(atPath: small)
                    #expect(files.filter { $0 != "filler" && !$0.hasPrefix(".lock") } == ["gw.yaml"], "\(files)")
                } catch {
                    _ = try await ProcessRun.run("umount", [small])
                    throw error
                }
                _ = try await ProcessRun.output(of: "umount", [small])
                try await fixture.waitUntil(gateway: "gw", is: .up)
            }
        }
    }
}
