import FwdCore
import FwdTestSupport
import FwdTunnel
import LibSSH2
import Testing

@Suite("Opening channels", .serialized)
struct OpeningTests {
    /// libssh2 has one open slot per session and would answer a second open with the first one's channel.
    @Test("10,000 opens in pairs reach each its own target, among refused and black-holed ones")
    func neverCrossesWires() async throws {
        let pairs = 5000
        try await SSHDFixture.with { sshd in
            let (red, blue) = (
                try await TargetServer.start(.identity("red")), try await TargetServer.start(.identity("blue"))
            )
            let hole = try BlackHole.open()
            let forwards = [
                forward(.local, "red", to: red), forward(.local, "blue", to: blue),
                ForwardConfiguration.local("refused", port: FreePorts.next(), to: FreePorts.next()),
                ForwardConfiguration.local("hole", port: FreePorts.next(), to: hole.port),
            ]
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                var ports: [String: UInt16] = [:]
                for forward in forwards {
                    ports[forward.name] = try await fixture.waitUntil(forward.name, is: .up).boundPort
                }
                let listen = ports
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            var right = 0
                            for pair in stride(from: worker, to: pairs, by: 8) {
                                async let a = Self.name(at: listen["red"]!)
                                async let b = Self.name(at: listen["blue"]!)
                                if pair % 50 == 0 {
                                    // The reset may come while the client still connects.
                                    let nothing = try? await Self.name(at: listen["refused"]!)
                                    #expect((nothing ?? "").isEmpty)
                                }
                                if pair % 500 == 7 { try await Self.knock(at: listen["hole"]!) }
                                if try await a == "red" { right += 1 }
                                if try await b == "blue" { right += 1 }
                            }
                            return right
                        }
                    }
                    var right = 0
                    for try await count in group { right += count }
                    #expect(right == 2 * pairs)
                }
                #expect(red.totalConnections == pairs)
                #expect(blue.totalConnections == pairs)
            }
            hole.close()
            await red.stop()
            await blue.stop()
        }
    }

    @Test("a target that swallows SYNs does not keep another forward from connecting within a second")
    func passesBlackHole() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.identity("here"))
            let hole = try BlackHole.open()
            let forwards = [
                forward(.local, "live", to: target),
                ForwardConfiguration.local("hole", port: FreePorts.next(), to: hole.port),
            ]
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                let live = try #require(try await fixture.waitUntil("live", is: .up).boundPort)
                let holePort = try #require(try await fixture.waitUntil("hole", is: .up).boundPort)
                let stuck = try await StreamClient.connect(port: holePort)
                let more = try await StreamClient.connect(port: holePort)
                var times: [Duration] = []
                for _ in 0..<5 {
                    let start = ContinuousClock.now
                    #expect(try await Self.name(at: live) == "here")
                    times.append(ContinuousClock.now - start)
                }
                // Of the median, so that one pause of the machine is not taken for a wait; behind the hole it were 10 s.
                #expect(times.sorted()[2] < .seconds(1) && times.allSatisfy { $0 < .seconds(5) }, "\(times)")
                // Where one session can have several opens under way, none of them needs another session.
                #expect(await fixture.status.sessions == (LibSSH2Library.opensInParallel ? 1 : 2))
                // The stuck clients are told at their deadline, with a reset, and the cause is shown.
                let end = await stuck.receiveDigest(within: .seconds(30))
                #expect(end.end != .eof && end.end != .timeout)
                let lastError = try await fixture.forward("hole").lastError
                #expect(lastError?.cause.message.contains("did not answer the gateway within 10 s") == true)
                await more.close()
                await stuck.close()
            }
            hole.close()
            await target.stop()
        }
    }

    @Test("opens that waited when the session died take no slot of the next one")
    func forgetsWhatWaited() async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.identity("here"))
            let hole = try BlackHole.open()
            let forwards = [
                forward(.local, "live", to: target), ForwardConfiguration.local("hole", port: 0, to: hole.port),
            ]
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: forwards)) { fixture in
                let live = try #require(try await fixture.waitUntil("live", is: .up).boundPort)
                let holePort = try #require(try await fixture.waitUntil("hole", is: .up).boundPort)
                // No overflow session may help: its login is refused.
                try sshd.directory.write("", to: "authorized_keys")
                var clients = [try await StreamClient.connect(port: holePort)]
                try await eventually("one is being opened") { try await fixture.forward("hole").relays.active == 1 }
                for _ in 0..<3 { clients.append(try await StreamClient.connect(port: live)) }
                try await eventually("the others wait") { try await fixture.forward("live").relays.active == 3 }
                await sshd.kill()
                for client in clients { await client.close() }
                try sshd.directory.write(sshd.userKey.publicLine + "\n", to: "authorized_keys")
                try await sshd.restart()
                try await fixture.waitUntil(.up)
                let start = ContinuousClock.now
                #expect(try await Self.name(at: live) == "here")
                #expect(ContinuousClock.now - start < .seconds(5))
            }
            hole.close()
            await target.stop()
        }
    }

    @Test("a target that refuses is named, and the session goes on", arguments: RelayTests.kinds)
    func namesRefusal(kind: ForwardSpec.Kind) async throws {
        let closedPort = FreePorts.next()
        let refused: ForwardConfiguration =
            kind == .remote
            ? .remote("f", to: closedPort) : .local("f", port: FreePorts.next(), to: closedPort)
        try await SSHDFixture.with { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [refused])) { fixture in
                let port = try #require(try await fixture.waitUntil("f", is: .up).boundPort)
                // The reset may be there before `connect` has returned.
                _ = try? await StreamClient.with(port: port) { await $0.receiveDigest() }
                let status = try await eventually("the refusal is shown") {
                    let status = try await fixture.forward("f")
                    return status.lastError == nil ? nil : status
                }
                let message = try #require(status.lastError?.cause.message)
                #expect(message.contains("127.0.0.1:\(closedPort) cannot be reached"), "\(message)")
                #expect(status.state == .up)
                #expect(await fixture.status.state == .up)
                #expect(status.relays.ended[RelayResult.refused.rawValue] == 1)
            }
        }
    }

    private static func name(at port: UInt16) async throws -> String {
        try await StreamClient.with(port: port) { client in
            // A refused connection may be reset before this.
            try? await client.halfClose()
            return await client.receive().text
        }
    }

    /// Connects, and goes away before any answer.
    private static func knock(at port: UInt16) async throws {
        let client = try await StreamClient.connect(port: port)
        await client.close()
    }
}
