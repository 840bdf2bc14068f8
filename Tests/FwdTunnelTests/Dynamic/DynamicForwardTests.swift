import FwdCore
import FwdTestSupport
import FwdTunnel
import LibSSH2
import NIOCore
import Testing

@Suite("Dynamic forwards through a real sshd", .serialized)
struct DynamicForwardTests {
    @Test("a stream of several MiB each way arrives whole", arguments: ProxyDialect.allCases)
    func carriesStreams(dialect: ProxyDialect) async throws {
        try await withProxy { port, target, fixture, _ in
            let plan = ExchangePlan(seed: 1, up: 9_000_001, down: 12_000_003)
            try await StreamClient.with(port: port) { client in
                #expect(try await client.ask(dialect, port: target.port) == dialect.granted)
                let received = try await client.exchange(plan)
                #expect(received.isExactly(plan.down), "\(received)")
            }
            let sent = try await target.exchanged(seed: 1)
            #expect(sent.isExactly(plan.up), "\(sent)")
            try await eventually("no relay is left") { try await fixture.forward("d").relays.active == 0 }
            #expect(try await fixture.forward("d").relays.ended == [RelayResult.completed.rawValue: 1])
        }
    }

    @Test(
        "what comes in one piece with the request, and the end behind it, is carried", arguments: ProxyDialect.allCases)
    func carriesPipelined(dialect: ProxyDialect) async throws {
        try await withProxy(.echo) { port, target, _, _ in
            try await StreamClient.with(port: port) { client in
                let text = String(repeating: "pipelined ", count: 1000)
                let request = dialect.parts(port: target.port).flatMap { $0 } + Array(text.utf8)
                try await client.stream.write(ByteBuffer(bytes: request))
                try await client.halfClose()
                let granted = dialect.greeting + dialect.granted
                let received = await client.receiveBytes(granted.count + text.utf8.count)
                #expect(received == granted + Array(text.utf8), "\(received.count) bytes")
                #expect(await client.receive().end == .eof)
            }
        }
    }

    @Test("1,000 handshakes, fifty at a time, are all granted and leave nothing")
    func carriesManyHandshakes() async throws {
        try await withProxy { port, target, fixture, _ in
            for batch in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        let seed = UInt64(batch * 50 + number)
                        let dialect = ProxyDialect.allCases[Int(seed % 6)]
                        group.addTask { try await exchange(seed, dialect, port, target) }
                    }
                    try await group.waitForAll()
                }
            }
            try await eventually("no relay is left") { try await fixture.forward("d").relays.active == 0 }
            #expect(try await fixture.forward("d").relays.ended == [RelayResult.completed.rawValue: 1000])
        }
    }

    private func exchange(
        _ seed: UInt64, _ dialect: ProxyDialect, _ port: UInt16, _ target: TargetServer
    ) async throws {
        let plan = ExchangePlan(seed: seed, up: seed &* 2_654_435_761 % 30_007, down: seed &* 40_503_001 % 29_011)
        try await StreamClient.with(port: port) { client in
            #expect(try await client.ask(dialect, port: target.port) == dialect.granted)
            let received = try await client.exchange(plan)
            #expect(received.isExactly(plan.down), "seed \(seed): \(received)")
        }
        let sent = try await target.exchanged(seed: seed)
        #expect(sent.isExactly(plan.up), "seed \(seed): \(sent)")
    }

    @Test("a closed port, and what sshd forbids, are told as such", arguments: ProxyDialect.allCases)
    func tellsRefusals(dialect: ProxyDialect) async throws {
        let closed = FreePorts.next()
        let options = SSHDOptions(configuration: ["PermitOpen *:\(closed)"])
        try await withProxy(sshd: options) { port, target, fixture, _ in
            // A stock libssh2 does not pass on which of the reasons it was.
            let refused: UInt8 = LibSSH2Library.opensInParallel ? 5 : 4
            #expect(try await answer(dialect, port, closed).starts(with: dialect.refusal(refused, 502)))
            #expect(try await answer(dialect, port, target.port).starts(with: dialect.refusal(2, 403)))
            try await eventually("both are counted") {
                try await fixture.forward("d").relays.ended[RelayResult.refused.rawValue] == 2
            }
            #expect(target.totalConnections == 0)
        }
    }

    private func answer(_ dialect: ProxyDialect, _ proxy: UInt16, _ port: UInt16) async throws -> [UInt8] {
        try await StreamClient.with(port: proxy) { client in
            let told = try await client.ask(dialect, port: port)
            // Whole, and then in order: not by a reset.
            #expect(await client.receive().end == .eof)
            return told
        }
    }

    @Test("what is not permitted is refused with the right code and counted, and the rest goes through")
    func permits() async throws {
        try await withProxy(.echo, permits: .name("localhost")) { port, target, fixture, _ in
            for dialect in ProxyDialect.allCases {
                if dialect.usesName {
                    let client = try await StreamClient.connect(port: port)
                    #expect(try await client.ask(dialect, port: target.port) == dialect.granted)
                    await client.close()
                } else {
                    #expect(try await answer(dialect, port, target.port).starts(with: dialect.refusal(2, 403)))
                }
            }
            try await eventually("they are counted") {
                try await fixture.forward("d").relays.ended[RelayResult.notAllowed.rawValue] == 3
            }
            // A grant follows the server's connect, which the target's accept follows.
            try await eventually("all three have come") { target.totalConnections == 3 }
        }
    }

    @Test("a request waits for a gateway that is away, and is answered when it is back")
    func holds() async throws {
        try await withProxy(.echo) { port, target, fixture, sshd in
            await sshd.stop()
            try await fixture.waitUntil(.backingOff)
            let client = try await StreamClient.connect(port: port)
            try await client.stream.write(ByteBuffer(bytes: ProxyDialect.http.parts(port: target.port)[0]))
            try await eventually("it waits") { try await fixture.forward("d").relays.active == 1 }
            try await sshd.restart()
            #expect(await client.receiveBytes(ProxyDialect.http.granted.count) == ProxyDialect.http.granted)
            try await client.send("hello")
            #expect(await client.receive(count: 5) == "hello")
            await client.close()
        }
    }

    @Test("a reload that changes what is permitted keeps the connections there are")
    func keepsConnections() async throws {
        try await withProxy(.echo) { port, target, fixture, sshd in
            let client = try await StreamClient.connect(port: port)
            #expect(try await client.ask(.socks5Name, port: target.port) == ProxyDialect.socks5Name.granted)
            var changed = ForwardConfiguration.dynamic(port: port)
            changed.limits.permit = [PermittedDestination(host: .name("nowhere.invalid"), ports: 1...1)]
            await fixture.gateway.update(sshd.gatewayConfiguration(forwards: [changed]))
            try await fixture.waitUntil("d", is: .up)
            try await client.send("hello")
            #expect(await client.receive(count: 5) == "hello")
            #expect(try await answer(.http, port, target.port).starts(with: ProxyDialect.http.refusal(2, 403)))
            await client.close()
        }
    }

    @Test("a probe asks for what it names, and says so when that does not answer")
    func probes() async throws {
        try await SSHDFixture.with { sshd in
            try await TargetServer.with(.echo) { target in
                var forward = ForwardConfiguration.dynamic(port: FreePorts.next())
                forward.probe = Probe(to: .init(host: "127.0.0.1", port: target.port), every: .seconds(1))
                try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forward])) { fixture in
                    try await eventually("it has succeeded") { try await fixture.forward("d").probe?.isSuccess == true }
                    await target.stop()
                    let status = try await fixture.waitUntil("d", is: .degraded)
                    #expect(status.cause?.message.contains("127.0.0.1:\(target.port)") == true, "\(status)")
                }
            }
        }
    }
}

extension ForwardConfiguration {
    static func dynamic(port: UInt16, permit: [PermittedDestination]? = nil) -> ForwardConfiguration {
        let listen = ForwardSpec.Listen.port(.init(address: .loopback, port: port))
        return ForwardConfiguration(
            name: "d", spec: ForwardSpec(kind: .dynamic, listen: listen, target: .asked),
            limits: ForwardLimits(permit: permit))
    }
}

/// Runs `body` with one dynamic forward, named "d", and a target to ask for.
/// - Parameter host: all that may be asked for, with the target's port.
private func withProxy(
    _ behaviour: TargetBehaviour = .exchange, sshd options: SSHDOptions = .standard,
    permits host: PermittedDestination.Host? = nil,
    _ body: (UInt16, TargetServer, GatewayFixture, SSHDFixture) async throws -> Void
) async throws {
    try await SSHDFixture.with(options) { sshd in
        try await TargetServer.with(behaviour) { target in
            let permit = host.map { [PermittedDestination(host: $0, ports: target.port...target.port)] }
            var forward = ForwardConfiguration.dynamic(port: FreePorts.next(), permit: permit)
            // Longer than a busy machine needs.
            forward.hold = .seconds(60)
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forward])) { fixture in
                let port = try #require(try await fixture.waitUntil("d", is: .up).boundPort)
                try await body(port, target, fixture, sshd)
            }
        }
    }
}
