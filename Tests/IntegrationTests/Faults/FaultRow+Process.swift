import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

/// What happens to the supervisor's own process and its machine.
extension FaultRow {
    static let processRows = [reloads, terminated, fullDisk, fewDescriptors, steppedClock]

    private static let reloads = FaultRow(
        "config reloaded 1,000 times under traffic", holds: "what did not change is not touched: no connection breaks"
    ) { findings in
        var options = FaultScene.Options()
        options.logLevel = "info"
        try await FaultScene.with(findings, options) { scene in
            let start = ContinuousClock.now
            let count = FaultScale.count(1000)
            for round in 1...count {
                var gateway = scene.gateway
                if round % 2 == 1 { gateway.forwards.append(try ForwardConfiguration("extra", "-L 0.0.0.0:1:h:1")) }
                gateway.forwards = gateway.forwards.map { forward in
                    var forward = forward
                    if forward.name == "extra" { forward.isEnabled = false }
                    return forward
                }
                try scene.fixture.directory.write(
                    ForwardsFile.text(of: gateway), to: "forwards.d/\(gateway.name).yaml")
                scene.fixture.process.send(SIGHUP)
                try await eventually("reload \(round) shows") {
                    try await scene.status.forwards.count == gateway.forwards.count
                }
            }
            findings.note("\(count) of them in \(seconds(since: start)) s")
            try await scene.proveBoth()
            #expect(try await scene.status.connects == 1)
        }
    }

    private static let terminated = FaultRow(
        "SIGTERM during load", holds: "what runs ends whole; exit 0 within the drain"
    ) { findings in
        try await SSHDFixture.with { sshd in
            try await TargetServer.with(.exchange) { target in
                let port = FreePorts.next()
                let forwards = [try ForwardConfiguration("out", "-L \(port):127.0.0.1:\(target.port)")]
                let gateway = sshd.gatewayConfiguration(name: "gw", forwards: forwards)
                try await SupervisorFixture.with([gateway]) { fixture in
                    try await fixture.waitUntilAllIsUp("gw")
                    let route = FaultTraffic.Route(port: port, target: target, mayBreak: false)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<20 {
                            let plan = Exchanges.next(up: 4 << 20, down: 4 << 20)
                            group.addTask { try await Exchanges.prove(plan, route) }
                        }
                        try await eventually("all of them run") { target.totalExchanges == 20 }
                        let start = ContinuousClock.now
                        fixture.process.send(SIGTERM)
                        try await group.waitForAll()
                        #expect(try await fixture.process.waitForExit(within: .seconds(20)) == .exited(0))
                        findings.note(
                            "20 transfers of 4 MiB each way; ended \(seconds(since: start)) s after the signal")
                    }
                }
            }
        }
    }

    private static let fullDisk = FaultRow(
        "disk full", holds: "with log and forwards.d on a full disk all goes on, reconnects too", unless: needsRoot
    ) { findings in
        try await TemporaryDirectory.with { directory in
            let small = directory.file("small")
            try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
            _ = try await ProcessRun.output(of: "mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small])
            do {
                try fullDiskFile.write(toFile: small + "/new.yaml", atomically: false, encoding: .utf8)
                try await runOnFullDisk(small, findings)
            } catch {
                _ = try await ProcessRun.run("umount", [small])
                throw error
            }
            _ = try await ProcessRun.output(of: "umount", [small])
        }
    }

    private static let fullDiskFile = "gateway:\n  host: example.org\n"

    private static func runOnFullDisk(_ small: String, _ findings: FaultFindings) async throws {
        var options = FaultScene.Options()
        options.logLevel = "trace"
        options.wrapper = ["sh", "-c", "exec \"$@\" 2>\"$0\"", small + "/log"]
        try await FaultScene.with(findings, options) { scene in
            _ = try await ProcessRun.run("sh", ["-c", "cat /dev/zero >\(small)/filler"])
            let added = try await scene.fixture.fwd("add", "--dir", small, "new/web", "-L", "\(FreePorts.next()):h:1")
            #expect(added.exit != .exited(0))
            #expect(added.errors.contains("No space left on device"), "\(added)")
            #expect(try String(contentsOfFile: small + "/new.yaml", encoding: .utf8) == fullDiskFile)
            let struck = ContinuousClock.now
            try await scene.sshd.killSessions()
            try await eventually("it came back") { try await scene.status.connects == 2 }
            try await scene.waitUntilRecovered(since: struck)
        }
    }

    private static let fewDescriptors = FaultRow(
        "descriptor limit 64", holds: "100 clients do not end it; it says so; all comes back when they leave"
    ) { findings in
        var options = FaultScene.Options()
        options.wrapper = ["sh", "-c", "ulimit -n 64 && exec \"$@\"", "sh"]
        options.workers = 0
        options.bystanderMayBreak = true
        try await FaultScene.with(findings, options) { scene in
            let echo = try await TargetServer.start(.echo)
            let port = try await scene.lead(to: [echo.port])[0]
            var clients: [StreamClient] = []
            for _ in 0..<100 {
                if let client = try? await StreamClient.connect(port: port) { clients.append(client) }
            }
            try await eventually("the limit is reached") { scene.fixture.log.contains("file descriptors") }
            for client in clients { await client.close() }
            let left = ContinuousClock.now
            // It waits behind all of them in the kernel: when it is served, each has had its turn.
            let last = try await StreamClient.connect(port: port)
            try await last.send("hello")
            #expect(await last.receive(count: 5, within: .seconds(30)) == "hello")
            await last.close()
            try await scene.waitUntilSettled()
            try await eventually("the descriptors are given back") {
                scene.fixture.process.counters.openDescriptors < 40
            }
            try await scene.waitUntilRecovered(since: left)
            #expect(scene.fixture.process.exit == nil)
            await echo.stop()
        }
    }

    private static let steppedClock = FaultRow(
        "clock stepped by a day, forth and back", holds: "no session drops; retries go on at their pace",
        unless: fakeTimeLibrary == nil ? "needs libfaketime (package faketime)" : nil
    ) { findings in
        guard let library = fakeTimeLibrary else { return }
        try await TemporaryDirectory.with { directory in
            let stamp = try directory.write("+0\n", to: "stamp", mode: 0o644)
            var options = FaultScene.Options()
            options.environment = [
                "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": stamp, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            ]
            try await FaultScene.with(findings, options) { scene in
                let before = try await scene.fixture.healthSnapshot().takenAt
                for (step, days) in [("+1d", 1.0), ("-1d", -1.0)] {
                    try step.write(toFile: stamp, atomically: false, encoding: .utf8)
                    let shown = try await scene.fixture.healthSnapshot().takenAt
                    let difference = (shown.secondsSince1970 - before.secondsSince1970) / 86_400
                    #expect(abs(difference - days) < 0.1, "the clock was not stepped")
                    try await scene.proveBoth(5)
                    #expect(scene.traffic.counts.broken.isEmpty)
                }
                #expect(try await scene.status.connects == 1)
                try await scene.sshd.killSessions()
                try await eventually("it is back") { try await scene.status.connects == 2 }
                try await scene.outlast {
                    await scene.sshd.kill()
                } meanwhile: { _ in
                    try "+1d".write(toFile: stamp, atomically: false, encoding: .utf8)
                } mending: {
                    try await scene.sshd.restart()
                }
            }
        }
    }

    private static let fakeTimeLibrary: String? = {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return folders.map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }.first { access($0, R_OK) == 0 }
    }()

    static func seconds(since start: ContinuousClock.Instant) -> Int {
        Int((ContinuousClock.now - start) / .seconds(1))
    }
}
