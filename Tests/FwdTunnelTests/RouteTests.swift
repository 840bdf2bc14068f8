import FwdCore
import FwdTestSupport
import FwdTunnel
import Glibc
import Testing

@Suite("Routes: through other gateways and commands") struct RouteTests {
    @Test("three gateways in a chain: 256 MiB each way arrive whole; the middle one killed heals by itself")
    func carriesThroughChain() async throws {
        try await withChain { servers, fixtures in
            let status = try await fixtures[2].waitUntil("l", is: .up)
            let port = try #require(status.boundPort)
            let plan = ExchangePlan(seed: 11, up: 256 << 20, down: 256 << 20)
            #expect(try await StreamClient.exchange(port: port, plan).isExactly(plan.down))
            #expect(await fixtures[2].status.route == "via b")

            let endless = Task {
                try? await StreamClient.exchange(port: port, ExchangePlan(seed: 1, up: 1 << 34, down: 1 << 34))
            }
            try await eventually("traffic runs") { try await fixtures[2].forward("l").relays.active == 1 }
            await servers[1].kill()
            // The last one in the chain says what is wrong with the one in the middle.
            let cause = try await eventually("the end of the chain knows") { () -> Cause? in
                let cause = await fixtures[2].status.cause
                return cause?.message.contains("cannot be reached") == true ? cause : nil
            }
            #expect(cause.reason == .jump)
            #expect(cause.message.contains("the gateway b, which it is reached through, is"), "\(cause)")
            _ = await endless.value
            try await servers[1].restart()
            for fixture in fixtures { try await fixture.waitUntil(.up) }
            let again = ExchangePlan(seed: 12, up: 1 << 20, down: 1 << 20)
            #expect(try await StreamClient.exchange(port: port, again).isExactly(again.down))
            // The first one never noticed.
            #expect(await fixtures[0].status.connects == 1)
        }
    }

    /// a, b via a, c via b with a -L at its end.
    private func withChain(_ body: ([SSHDFixture], [GatewayFixture]) async throws -> Void) async throws {
        let registry = GatewayRegistry()
        let target = try await TargetServer.start(.exchange)
        try await SSHDFixture.with { first in
            try await SSHDFixture.with { second in
                try await SSHDFixture.with { third in
                    var (a, b) = (first.gatewayConfiguration(name: "a"), second.gatewayConfiguration(name: "b"))
                    var forward = ForwardConfiguration.local(port: 0, to: target.port)
                    forward.hold = .seconds(30)
                    var c = third.gatewayConfiguration(name: "c", forwards: [forward])
                    b.route = .via("a")
                    c.route = .via("b")
                    a.forwards = []
                    // The end of the chain is started first: it waits for what it goes through.
                    try await GatewayFixture.with(c, registry: registry) { end in
                        try await eventually("it waits") { await end.status.cause?.reason == .jump }
                        try await GatewayFixture.with(b, registry: registry) { middle in
                            try await GatewayFixture.with(a, registry: registry) { start in
                                try await body([first, second, third], [start, middle, end])
                            }
                        }
                    }
                }
            }
        }
        await target.stop()
    }

    @Test("a gateway behind one that does not exist, or that is parked, says so")
    func namesTheJump() async throws {
        try await SSHDFixture.with { sshd in
            let registry = GatewayRegistry()
            var behind = sshd.gatewayConfiguration(name: "behind")
            behind.route = .via("front")
            try await GatewayFixture.with(behind, registry: registry) { fixture in
                try await eventually("it says what is missing") {
                    await fixture.status.cause?.message.hasSuffix("which it is reached through, is not running") == true
                }
                var front = sshd.gatewayConfiguration(name: "front")
                front.trust.pins = []
                try await GatewayFixture.with(front, registry: registry) { jump in
                    try await jump.waitUntil(.parked)
                    await fixture.gateway.retry()
                    try await eventually("it tells the other's cause") {
                        await fixture.status.cause?.message.contains("is parked: no host key is pinned") == true
                    }
                }
            }
        }
    }

    @Test("a target that the jump cannot reach is told with the jump's reason")
    func namesWhatTheJumpCannotReach() async throws {
        try await SSHDFixture.with(SSHDOptions(configuration: ["PermitOpen 127.0.0.1:1"])) { sshd in
            let registry = GatewayRegistry()
            try await GatewayFixture.with(sshd.gatewayConfiguration(name: "front"), registry: registry) { jump in
                try await jump.waitUntil(.up)
                var behind = sshd.gatewayConfiguration(name: "behind")
                behind.route = .via("front")
                try await GatewayFixture.with(behind, registry: registry) { fixture in
                    let cause = try await eventually("it fails") { await fixture.status.cause }
                    #expect(cause.reason == .connect)
                    #expect(cause.message.contains("forbidden by the server"), "\(cause)")
                }
            }
        }
    }

    @Test("a command carries the session, and ends with it")
    func carriesThroughCommand() async throws {
        try await SSHDFixture.with { front in
            try await SSHDFixture.with { sshd in
                let target = try await TargetServer.start(.exchange)
                let ssh = (["ssh"] + front.sshArguments(["-W", "127.0.0.1:\(sshd.port)"])).map { "'\($0)'" }
                var configuration = sshd.gatewayConfiguration(forwards: [.local(port: 0, to: target.port)])
                configuration.route = .command(ssh.joined(separator: " "))
                try await GatewayFixture.with(configuration) { fixture in
                    let port = try #require(try await fixture.waitUntil("l", is: .up).boundPort)
                    let plan = ExchangePlan(seed: 3, up: 8 << 20, down: 8 << 20)
                    #expect(try await StreamClient.exchange(port: port, plan).isExactly(plan.down))
                    #expect(await fixture.status.route == "proxy command")
                    #expect(await front.sessionCount == 1)
                    await front.kill()
                    try await eventually("the loss is noticed") { await fixture.status.state != .up }
                    try await front.restart()
                    try await fixture.waitUntil(.up)
                }
                try await eventually("the command is gone") { await front.sessionCount == 0 }
                await target.stop()
            }
        }
    }

    @Test(
        "a command that fails is told with its status and its last words",
        arguments: [
            ("sh -c 'echo no way there >&2; exit 3'", "the proxy command ended with status 3: no way there"),
            ("/nonexistent/command", "the proxy command ended with status 127: "),
            ("sh -c 'kill -9 $$'", "the proxy command was ended by signal 9"),
        ])
    func namesCommandFailure(command: String, message: String) async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        var configuration = GatewayConfiguration(name: "g", host: "h", user: "u", keys: [key.path], pins: [key.pin])
        configuration.route = .command(command)
        try await GatewayFixture.with(configuration) { fixture in
            let cause = try await eventually("it fails") { await fixture.status.lastError?.cause }
            #expect(cause.message.hasPrefix(message), "\(cause)")
            #expect(cause.reason == .connect)
        }
    }

    @Test("a command that ignores SIGTERM is killed, and so is what it has started")
    func killsCommand() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        try await TemporaryDirectory.with { directory in
            let file = directory.file("pid")
            var configuration = GatewayConfiguration(name: "g", host: "h", user: "u", keys: [key.path], pins: [key.pin])
            configuration.route = .command(
                "sh -c 'trap \"\" TERM; echo $$ > \(file); while :; do read x || sleep 1; done'")
            let pid = try await GatewayFixture.with(configuration) { _ in
                try await eventually("it runs") { readWholeFile(file).flatMap { pid_t($0.filter(\.isNumber)) } }
            }
            try await eventually("it is gone") { kill(pid, 0) != 0 }
        }
    }
}
