import Foundation
import FwdControl
import FwdCore
import FwdTestSupport
import Testing

@testable import fwd

/// The built binary against a real sshd.
@Suite(.serialized) struct CommandTests {
    @Test func addWritesTheFileAndWaitsUntilTheForwardIsUp() async throws {
        try await TargetServer.with(.echo) { target in
            try await CommandFixture.with { fixture in
                try await fixture.running { _ in
                    let port = FreePorts.next()
                    let added = try await fixture.fwd(["add", "site/web", "-L", "\(port):127.0.0.1:\(target.port)"])
                    #expect(added.exit == .exited(0), "\(added.errors)")
                    #expect(
                        added.output
                            == "site/web: up, -L \(port):127.0.0.1:\(target.port), listening on localhost:\(port)\n")
                    let text = try fixture.read("site")
                    #expect(text.hasPrefix(fixture.gateway()))
                    #expect(text.contains("web: -L \(port):127.0.0.1:\(target.port)"))
                    #expect(!FreePorts.isFree(port))
                    #expect(try await fixture.fwd(["status", "site"]).exit == .exited(0))
                    let listed = try await fixture.fwd(["list", "--json"])
                    let entries = try ControlJSON.decode([ListEntry].self, from: Data(listed.output.utf8))
                    #expect(entries.map(\.forward.state) == [.up])
                    #expect(entries.map(\.gatewayState) == [.up])
                    #expect(entries.map(\.forward.probe?.isSuccess) == [true])
                    #expect(entries.map(\.forward.awaitsProbe) == [nil])
                }
            }
        }
    }

    @Test func removeStopsListeningAndKeepsTheRestOfTheFile() async throws {
        try await CommandFixture.with { fixture in
            let (port, other) = (FreePorts.next(), FreePorts.next())
            try fixture.write("site", fixture.gateway(forwards: "  web: -L \(port):127.0.0.1:9\n"))
            try await fixture.running { _ in
                // Nobody is at its target, which its probe finds out before "fwd add" answers.
                let more = try await fixture.fwd(["add", "site/more", "-L", "\(other):127.0.0.1:9"])
                #expect(more.exit == .exited(1))
                #expect(more.output.hasPrefix("site/more: degraded: the probe failed: 127.0.0.1:9 cannot be reached"))
                let removed = try await fixture.fwd(["remove", "site/more"])
                #expect(removed.exit == .exited(0), "\(removed.errors)")
                #expect(removed.output == "site/more: removed\n")
                try await eventually("the port is free again") { FreePorts.isFree(other) }
                #expect(!FreePorts.isFree(port))
                #expect(try fixture.read("site") == fixture.gateway(forwards: "  web: -L \(port):127.0.0.1:9\n"))
                let typing = try await fixture.fwd(["remove", "site/web", "site/nothing"])
                #expect(typing.exit == .exited(78))
                #expect(try fixture.read("site").contains("web:"))
            }
        }
    }

    @Test func addSaysWhyAForwardIsNotUp() async throws {
        try await CommandFixture.with { fixture in
            try await TargetServer.with(.echo) { taken in
                try await fixture.running { _ in
                    let local = try await fixture.fwd(["add", "site/local", "-L", "\(taken.port):127.0.0.1:9"])
                    #expect(local.exit == .exited(1))
                    #expect(local.output.contains("site/local: "))
                    #expect(local.output.contains("in use"))
                    let remote = try await fixture.fwd([
                        "add", "site/remote", "-R", "127.0.0.1:\(taken.port):127.0.0.1:9",
                    ])
                    #expect(remote.exit == .exited(1))
                    #expect(remote.output.contains("site/remote: degraded: "))
                    let listed = try await fixture.fwd(["status"])
                    #expect(listed.exit == .exited(1))
                }
            }
        }
    }

    @Test func addSaysWhyAGatewayIsNotUp() async throws {
        try await CommandFixture.with { fixture in
            let wrong = "ssh-ed25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            try fixture.write("site", fixture.gateway(hostKey: wrong))
            try await fixture.running { _ in
                let added = try await fixture.fwd(["add", "site/web", "-L", "\(FreePorts.next()):127.0.0.1:9"])
                #expect(added.exit == .exited(1))
                #expect(added.output.contains("SHA256:AAAAAAAA"))
                let retried = try await fixture.fwd(["retry", "site"])
                #expect(retried.exit == .exited(1))
                #expect(retried.output.hasPrefix("site: parked: "))
            }
        }
    }

    @Test func withoutASupervisorAddOnlyWrites() async throws {
        try await CommandFixture.with { fixture in
            let added = try await fixture.fwd(["add", "site", "-L", "20080:127.0.0.1:9", "-R", "20081:127.0.0.1:9"])
            #expect(added.exit == .exited(0))
            #expect(added.errors.contains("starts with the next fwd run"))
            #expect(try fixture.read("site").contains("-R 20081:127.0.0.1:9"))
            for verb in [["list"], ["status"], ["reload"], ["retry"]] {
                let result = try await fixture.fwd(verb)
                #expect(result.exit == .exited(69))
                #expect(result.errors == "fwd: no supervisor runs at \(fixture.control); start it with fwd run\n")
            }
        }
    }

    @Test func aNewGatewayIsMadeByAdd() async throws {
        try await TargetServer.with(.echo) { target in
            try await CommandFixture.with { fixture in
                try await fixture.running { _ in
                    let spec = "\(FreePorts.next()):127.0.0.1:\(target.port)"
                    let unknown = try await fixture.fwd(["add", "other", "-L", spec])
                    #expect(unknown.exit == .exited(78))
                    let server = fixture.server
                    let added = try await fixture.fwd([
                        "add", "other/web", "-L", spec, "--host", "127.0.0.1", "--port", "\(server.port)",
                        "--user", server.user, "--identity", server.identityPath,
                        "--host-key", server.hostKeyPins[0].description,
                    ])
                    #expect(added.exit == .exited(0), "\(added.errors)")
                    #expect(added.output.hasPrefix("other/web: up"))
                }
            }
        }
    }

    @Test func aBadFileIsSaidByCheckAndReloadAndChangesNothing() async throws {
        try await CommandFixture.with { fixture in
            // Nobody answers there, which a probe would notice at some time.
            let good = fixture.gateway(
                forwards: "  web: {spec: -L \(FreePorts.next()):127.0.0.1:9, probe: off}\n")
            try fixture.write("site", good)
            try await fixture.running { _ in
                #expect(try await fixture.fwd(["retry"]).exit == .exited(0))
                try fixture.write("site", good.replacing("user:", with: "usr:"))
                let check = try await fixture.fwd(["check"])
                #expect(check.exit == .exited(78))
                #expect(check.output.contains("site.yaml:5:3: error: "))
                let reload = try await fixture.fwd(["reload"])
                #expect(reload.exit == .exited(78))
                #expect(reload.output == "site: refused (1 kept)\n")
                #expect(reload.errors.contains("site.yaml:5:3: "))
                #expect(try await fixture.fwd(["list"]).output.contains("site/web  up"))
                try fixture.write("site", good)
                let mended = try await fixture.fwd(["reload"])
                #expect(mended.exit == .exited(0))
                #expect(mended.output == "site: kept (1 kept)\n")
                #expect(try await fixture.fwd(["check"]).exit == .exited(0))
            }
        }
    }

    @Test func checkSaysWhatOfSSHConfigIsNotDone() async throws {
        try await TemporaryDirectory.with { directory in
            let config = try directory.write("Host work\n  HostName h\n  Ciphers aes256-ctr\n", to: "ssh_config")
            let hosts = directory.file("known_hosts")
            let text = "gateway:\n  host: work\n  known-hosts: \(hosts)\n  ssh-config: \(config)\n"
            try directory.write(text, to: "site.yaml")
            let common = ["--dir", directory.path, "--control", directory.file("control.sock")]
            let check = try await FwdProcess.run(["check"] + common)
            #expect(check.exit == .exited(0))
            #expect(
                check.output.contains("site.yaml:2:9: warning: gateway.host: ssh_config sets Ciphers for this host"))
            #expect(check.output.contains("site.yaml:3:16: warning: gateway.known-hosts: "))
            #expect(check.errors.hasSuffix(" warnings\n"))
            try FileManager.default.removeItem(atPath: config)
            let broken = try await FwdProcess.run(["check"] + common)
            #expect(broken.exit == .exited(78))
            #expect(broken.output.contains("site.yaml:2:9: error: gateway.host: "))
        }
    }

    @Test func signalsReloadAndEndTheSupervisor() async throws {
        try await CommandFixture.with { fixture in
            // Nobody is at its target, which a probe would find out at some time.
            try fixture.write(
                "site", fixture.gateway(forwards: "  web: {spec: -L \(FreePorts.next()):127.0.0.1:9, probe: off}\n"))
            try await fixture.running { process in
                try fixture.write(
                    "second",
                    fixture.gateway(forwards: "  web: {spec: -L \(FreePorts.next()):127.0.0.1:9, probe: off}\n"))
                process.send(SIGHUP)
                try await eventually("the second gateway is up") {
                    try await fixture.forward("second/web")?.state == .up
                }
                process.send(SIGTERM)
                #expect(try await process.waitForExit() == .exited(0))
                #expect(!FileManager.default.fileExists(atPath: fixture.control))
            }
        }
    }

    @Test func aSecondSupervisorIsRefused() async throws {
        try await CommandFixture.with { fixture in
            try await fixture.running { process in
                let second = try await fixture.fwd(["run", "--health", "off"])
                #expect(second.exit == .exited(1))
                #expect(second.errors.contains("another supervisor runs here, pid \(process.pid)"))
                #expect(try await fixture.fwd(["list"]).exit == .exited(0))
            }
        }
    }

    @Test func theSocketOfAKilledSupervisorIsReplaced() async throws {
        try await CommandFixture.with { fixture in
            try await fixture.running { process in
                process.send(SIGKILL)
                _ = try await process.waitForExit()
            }
            #expect(FileManager.default.fileExists(atPath: fixture.control))
            #expect(try await fixture.fwd(["list"]).exit == .exited(69))
            try await fixture.running { _ in
                let list = try await fixture.fwd(["list"])
                #expect(list.exit == .exited(0))
            }
        }
    }

    @Test func aMissingDirectoryIsAnErrorOfConfiguration() async throws {
        try await TemporaryDirectory.with { directory in
            let common = ["--dir", directory.file("nowhere"), "--control", directory.file("control.sock")]
            for verb in [["run", "--health", "off"], ["check"], ["add", "a", "-L", "1:h:2"]] {
                let result = try await FwdProcess.run(verb + common)
                #expect(result.exit == .exited(78))
                #expect(result.errors.contains(directory.file("nowhere")))
            }
        }
    }

    @Test func logsAreJSONWhenAsked() async throws {
        try await CommandFixture.with { fixture in
            try await fixture.running(["--log-format", "json"]) { process in
                let lines = process.standardError.split(separator: "\n")
                #expect(!lines.isEmpty)
                for line in lines {
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    #expect(object?["message"] is String)
                    #expect(object?["level"] is String)
                }
            }
        }
    }

    @Test func openConnectionsDrainBeforeTheSupervisorEnds() async throws {
        try await CommandFixture.withOpenConnection { process, client in
            process.send(SIGTERM)
            try await eventually("it drains") { process.standardError.contains("up -> draining") }
            #expect(process.exit == nil)
            await client.close()
            #expect(try await process.waitForExit(within: .seconds(8)) == .exited(0))
        }
    }

    @Test func aSecondSignalEndsAtOnce() async throws {
        try await CommandFixture.withOpenConnection { process, _ in
            process.send(SIGTERM)
            try await eventually("it drains") { process.standardError.contains("up -> draining") }
            process.send(SIGTERM)
            #expect(try await process.waitForExit(within: .seconds(5)) == .exited(1))
        }
    }
}
