import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

@Suite("The supervisor, as a process", .serialized)
struct SupervisionTests {
    @Test("200 connections of each kind leave no descriptor, no relay and no memory behind")
    func leavesNothing() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.exchange)
            let local = FreePorts.next()
            let gateway = sshd.gatewayConfiguration(
                name: "gw",
                forwards: [
                    try ForwardConfiguration("l", "-L \(local):127.0.0.1:\(target.port)"),
                    try ForwardConfiguration("r", "-R 0:127.0.0.1:\(target.port)"),
                ])
            try await SupervisorFixture.with([gateway]) { fixture in
                try await fixture.waitUntil("gw/l", is: .up)
                let remote = try #require(try await fixture.waitUntil("gw/r", is: .up).boundPort)
                // The first rounds bring everything to its size (one waits for overflow sessions, the next has them);
                // what counts is what later ones add.
                for round in 0...1 as ClosedRange<UInt64> {
                    try await exchangeAll(through: [local, remote], to: target, round: round)
                }
                let descriptors = try await settledDescriptors(of: fixture, sshd)
                let memory = fixture.process.counters.residentBytes
                for round in 2...5 as ClosedRange<UInt64> {
                    try await exchangeAll(through: [local, remote], to: target, round: round)
                }
                let later = try await settledDescriptors(of: fixture, sshd)
                // The connection of the last look may still be there.
                try await eventually("descriptors are as before") {
                    fixture.process.counters.openDescriptors <= descriptors.fwd
                }
                // Fewer are no leak: the login shell of the session's first command may have ended meanwhile.
                #expect(later.server <= descriptors.server)
                let growth = fixture.process.counters.residentBytes - memory
                #expect(growth < 24 << 20, "\(growth) bytes more after 1,600 further connections")
                let snapshot = try await fixture.snapshot()
                for forward in snapshot.gateways[0].forwards {
                    #expect(forward.relays.active == 0)
                    #expect(forward.relays.ended == [RelayResult.completed.rawValue: 1200])
                }
            }
            await target.stop()
        }
    }

    private func exchangeAll(through ports: [UInt16], to target: TargetServer, round: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (kind, port) in ports.enumerated() {
                for index in 0..<200 as Range<UInt64> {
                    let seed = round << 16 | UInt64(kind) << 12 | index
                    let plan = ExchangePlan(
                        seed: seed, up: seed &* 2_654_435_761 % 200_003, down: seed &* 40_503_001 % 190_027,
                        order: HalfCloseOrder.allCases[Int(index % 3)])
                    group.addTask {
                        let received = try await StreamClient.exchange(port: port, plan)
                        #expect(received.isExactly(plan.down), "\(received)")
                        let sent = try await target.exchanged(seed: seed)
                        #expect(sent.isExactly(plan.up), "\(sent)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Descriptors of fwd and of sshd's sessions (each channel has one), once no relay and no overflow is left.
    private func settledDescriptors(of fixture: SupervisorFixture, _ sshd: SSHDFixture) async throws
        -> (fwd: Int, server: Int)
    {
        try await eventually(within: .seconds(60), "all relays and overflow sessions have ended") {
            let gateway = try await fixture.snapshot().gateways[0]
            return gateway.sessions == 1 && gateway.forwards.allSatisfy { $0.relays.active == 0 }
        }
        return (fixture.process.counters.openDescriptors, await sshd.sessionDescriptors)
    }

    @Test("SIGTERM lets a running transfer end and exits 0; SIGHUP reloads and touches nothing that did not change")
    func obeysSignals() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.exchange)
            let port = FreePorts.next()
            var slow = try ForwardConfiguration("a", "-L \(port):127.0.0.1:\(target.port)")
            // It still runs when the signals come, and ends while fwd drains, on every machine.
            slow.limits.bytesPerSecond = 20_000_000
            var gateway = sshd.gatewayConfiguration(name: "gw", forwards: [slow])
            try await SupervisorFixture.with([gateway]) { fixture in
                try await fixture.waitUntil("gw/a", is: .up)
                let plan = ExchangePlan(seed: 1, up: 60 << 20, down: 60 << 20)
                async let transfer = StreamClient.exchange(port: port, plan)
                try await eventually("the transfer runs") {
                    try await fixture.snapshot().gateways[0].forwards[0].relays.bytesToTarget > 0
                }
                let added = "-L \(FreePorts.next()):127.0.0.1:\(target.port)"
                gateway.forwards.append(try ForwardConfiguration("b", added))
                try fixture.directory.write(ForwardsFile.text(of: gateway), to: "forwards.d/gw.yaml")
                fixture.process.send(SIGHUP)
                try await fixture.waitUntil("gw/b", is: .up)
                fixture.process.send(SIGTERM)
                let received = try await transfer
                #expect(received.isExactly(plan.down))
                #expect(try await fixture.process.waitForExit(within: .seconds(15)) == .exited(0))
                #expect(!fixture.log.contains("backingOff"))
            }
            await target.stop()
        }
    }

    @Test("`fwd add` waits until the forward is up; `fwd remove` stops it; the file keeps its comments")
    func addsAndRemoves() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.greeting("hi"))
            let text = "# ours, do not touch\n" + ForwardsFile.text(of: sshd.gatewayConfiguration(name: "gw"))
            try await SupervisorFixture.with([], files: ["gw.yaml": text]) { fixture in
                try await fixture.waitUntil(gateway: "gw", is: .up)
                let port = FreePorts.next()
                let added = try await fixture.fwd("add", "gw/web", "-L", "\(port):127.0.0.1:\(target.port)")
                #expect(added.exit == .exited(0), "\(added)")
                let greeting = try await StreamClient.with(port: port) { await $0.receive().text }
                #expect(greeting == "hi")
                // One that cannot come up: the reason and exit 1, and the session stays.
                let holder = try await TargetServer.start(.echo, port: FreePorts.next())
                let failed = try await fixture.fwd("add", "gw/busy", "-L", "127.0.0.1:\(holder.port):127.0.0.1:1")
                #expect(failed.exit == .exited(1))
                #expect((failed.output + failed.errors).contains("address already in use"), "\(failed)")
                await holder.stop()
                for name in ["gw/web", "gw/busy"] {
                    let removed = try await fixture.fwd("remove", name)
                    #expect(removed.exit == .exited(0), "\(removed)")
                }
                await #expect(throws: StreamFailure.self) { _ = try await StreamClient.connect(port: port) }
                let rest = try String(contentsOfFile: fixture.forwards + "/gw.yaml", encoding: .utf8)
                #expect(rest.hasPrefix("# ours, do not touch\n"))
                #expect(!rest.contains("web:"))
                #expect(try await fixture.snapshot().gateways[0].connects == 1)
            }
            await target.stop()
        }
    }

    @Test("a reload with a bad file keeps what that gateway ran before, and says so")
    func keepsRunningOnBadReload() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.greeting("hi"))
            let port = FreePorts.next()
            let gateway = sshd.gatewayConfiguration(
                name: "gw", forwards: [try ForwardConfiguration("web", "-L \(port):127.0.0.1:\(target.port)")])
            try await SupervisorFixture.with([gateway]) { fixture in
                try await fixture.waitUntil("gw/web", is: .up)
                try fixture.directory.write("gateway: {host: x, prot: 22}\n", to: "forwards.d/gw.yaml")
                let reload = try await fixture.fwd("reload")
                #expect(reload.exit == .exited(78))
                #expect((reload.output + reload.errors).contains("did you mean \"port\""), "\(reload)")
                let greeting = try await StreamClient.with(port: port) { await $0.receive().text }
                #expect(greeting == "hi")
                let snapshot = try await fixture.snapshot()
                #expect(snapshot.configuration.refusedGateways == ["gw"])
                #expect(snapshot.gateways[0].connects == 1)
                let metrics = try await fixture.health("/metrics").body
                #expect(metrics.contains("fwd_config_last_reload_success 0"))
            }
            await target.stop()
        }
    }

    @Test("100 attempts at a server that sends the crashing KEXINIT leave memory and descriptors flat")
    func staysFlatUnderAttack() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        for script in [HostileScript.crashingKEXINIT(name: "ext-info-c"), .endlessJunkBeforeKex()] {
            try await HostileServer.with(script) { server in
                let gateway = GatewayConfiguration(
                    name: "hostile", host: server.host, port: server.port, user: "u", keys: [key.path])
                try await SupervisorFixture.with([gateway]) { fixture in
                    try await attempts(10, at: server, fixture)
                    let (memory, descriptors) = (
                        fixture.process.counters.residentBytes, fixture.process.counters.openDescriptors
                    )
                    try await attempts(100, at: server, fixture)
                    #expect(fixture.process.counters.residentBytes - memory < 8 << 20)
                    // Those of the last command and of an attempt come and go.
                    try await eventually("descriptors are as before") {
                        abs(fixture.process.counters.openDescriptors - descriptors) <= 1
                    }
                    let status = try await fixture.fwd("status", "hostile")
                    #expect(status.exit == .exited(1))
                    #expect((status.output + status.errors).contains("the server sent"), "\(status)")
                }
            }
        }
    }

    private func attempts(_ count: Int, at server: HostileServer, _ fixture: SupervisorFixture) async throws {
        let goal = server.connections.count + count
        try await eventually(within: .seconds(60), "\(count) more attempts were made") {
            _ = try await fixture.fwd("retry", "hostile", "--timeout", "1")
            return server.connections.count >= goal
        }
    }

    @Test("`fwd demo --once` shows a -L and a -R working, and leaves nothing")
    func demonstrates() async throws {
        let result = try await FwdProcess.run(["demo", "--once"], within: .seconds(60))
        #expect(result.exit == .exited(0), "\(result)")
        #expect(result.output.contains("both forwards work") || result.errors.contains("both forwards work"))
    }

    @Test("metrics, liveness, readiness and status agree about a gateway that goes down and comes back")
    func healthTellsTheTruth() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.greeting("hi"))
            let gateway = sshd.gatewayConfiguration(
                name: "gw", forwards: [try ForwardConfiguration("r", "-R 0:127.0.0.1:\(target.port)")])
            try await SupervisorFixture.with([gateway]) { fixture in
                try await fixture.waitUntil("gw/r", is: .up)
                for isUp in [true, false, true] {
                    try await eventually("the metrics say \(isUp)") {
                        let metrics = try await fixture.health("/metrics").body
                        let line = "fwd_forward_up{gateway=\"gw\",forward=\"r\",kind=\"remote\"} \(isUp ? 1 : 0)"
                        return metrics.contains(line)
                    }
                    #expect(try await fixture.health("/readyz/gw/r").status == (isUp ? 200 : 503))
                    #expect(try await fixture.health("/livez").status == 200)
                    if isUp { await sshd.kill() } else { try await sshd.restart() }
                }
                #expect(try await fixture.health("/readyz/nobody").status == 404)
            }
            await target.stop()
        }
    }
}
