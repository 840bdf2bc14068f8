import Foundation
import FwdTestSupport
import Testing

@Suite struct StreamTests {
    @Test func `Echo keeps the half-close`() async throws {
        try await TargetServer.with(.echo) { server in
            try await StreamClient.with(port: server.port) { client in
                try await client.send("hello")
                #expect(await client.receive(count: 5) == "hello")
                try await client.send(" again")
                try await client.halfClose()
                let rest = await client.receive()
                #expect(rest.text == " again")
                #expect(rest.end == .eof)
            }
            try await eventually("the connection is counted out") { server.connections == 0 }
            #expect(server.totalConnections == 1)
        }
    }

    @Test func `Greeting, identity and closing at once`() async throws {
        try await TargetServer.with(.greeting("220 ready\r\n")) { server in
            let answer = try await StreamClient.with(port: server.port) { await $0.receive() }
            #expect(answer == ("220 ready\r\n", .eof))
        }
        try await TargetServer.with(.identity("db")) { server in
            try await StreamClient.with(port: server.port) { client in
                try await client.send("!")
                #expect(await client.receive(count: 3) == "db!")
            }
        }
        try await TargetServer.with(.closesAtOnce) { server in
            let answer = try await StreamClient.with(port: server.port) { await $0.receive() }
            #expect(answer == ("", .eof))
        }
    }

    @Test func `Reset and EOF are told apart`() async throws {
        try await TargetServer.with(.resets) { server in
            // The reset may come before the client has seen that it is connected.
            let end: StreamEnd
            do {
                end = try await StreamClient.with(port: server.port) { await $0.receive().end }
            } catch let failure as StreamFailure {
                end = failure.end
            }
            #expect(end == .reset(ECONNRESET))
        }
    }

    @Test func `A client's reset after its half-close is seen as such`() async throws {
        let custom = TargetBehaviour.custom { stream in
            try await stream.write("x")
            let received = await stream.readToEnd()
            #expect(received.end == .reset(ECONNRESET))
        }
        try await TargetServer.with(custom) { server in
            let client = try await StreamClient.connect(port: server.port)
            #expect(await client.receive(count: 1) == "x")
            await client.reset()
            try await eventually("the server has seen the end") { server.connections == 0 }
        }
    }

    @Test func `A server's reset after the client's half-close is seen as such`() async throws {
        let custom = TargetBehaviour.custom { stream in
            _ = await stream.readToEnd()
            await stream.reset()
        }
        try await TargetServer.with(custom) { server in
            try await StreamClient.with(port: server.port) { client in
                try await client.halfClose()
                #expect(await client.receive().end == .reset(ECONNRESET))
            }
        }
    }

    @Test func `Silence is a timeout, and the stream can still be used`() async throws {
        try await TargetServer.with(.echo) { server in
            try await StreamClient.with(port: server.port) { client in
                #expect(await client.receive(within: .milliseconds(50)).end == .timeout)
                try await client.send("x")
                #expect(await client.receive(count: 1) == "x")
            }
        }
    }

    @Test func `A refused connection names the errno`() async throws {
        await #expect(throws: StreamFailure.self) {
            try await StreamClient.connect(port: FreePorts.next())
        }
    }

    @Test func `Sink and source agree on the hash`() async throws {
        let bytes = SeededBytes(seed: 5, count: 3_000_001)
        try await TargetServer.with(.sink) { server in
            try await StreamClient.with(port: server.port) { client in
                try await client.send(bytes)
                try await client.halfClose()
                #expect(await client.receive().text == "\(bytes.sha256) 3000001\n")
            }
        }
        try await TargetServer.with(.source(seed: 5, count: 3_000_001)) { server in
            let received = try await StreamClient.with(port: server.port) { await $0.receiveDigest() }
            #expect(received.isExactly(bytes))
        }
    }

    @Test(arguments: HalfCloseOrder.allCases)
    func `An exchange carries both directions in every order of half-closes`(order: HalfCloseOrder) async throws {
        try await TargetServer.with(.exchange) { server in
            for (up, down) in [(0, 0), (1, 0), (0, 1), (1_000_000, 10), (10, 1_000_000), (2_000_000, 3_000_000)] {
                let plan = ExchangePlan(
                    seed: UInt64(order.rawValue) << 32 | UInt64(up), up: UInt64(up), down: UInt64(down), order: order)
                let received = try await StreamClient.exchange(port: server.port, plan)
                #expect(received.isExactly(plan.down))
                #expect(try await server.exchanged(seed: plan.seed).isExactly(plan.up))
            }
            try await eventually("nothing is left") { server.connections == 0 }
        }
    }

    @Test func `Two hundred exchanges at once leave no descriptor`() async throws {
        try await TargetServer.with(.exchange) { server in
            _ = try await StreamClient.exchange(port: server.port, seed: 0, up: 1, down: 1)
            let results = try await withThrowingTaskGroup { group in
                for seed in 1...200 as ClosedRange<UInt64> {
                    let plan = ExchangePlan(
                        seed: seed, up: seed * 997, down: seed * 1013, order: .allCases[Int(seed % 3)])
                    group.addTask {
                        let down = try await StreamClient.exchange(port: server.port, plan).isExactly(plan.down)
                        let up = try await server.exchanged(seed: plan.seed).isExactly(plan.up)
                        return up && down
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results == Array(repeating: true, count: 200))
            try await eventually("nothing is left") { server.connections == 0 }
        }
    }

    @Test func `A target that never reads blocks its sender, a slow one does not`() async throws {
        try await TargetServer.with(.neverReads) { server in
            try await StreamClient.with(port: server.port) { client in
                let taken = try await client.sendUntilBlocked(limit: 1 << 30)
                #expect(taken > 0)
                #expect(taken < 16 << 20)
            }
        }
        try await TargetServer.with(.slowReader(pieceSize: 8192, pause: .milliseconds(1))) { server in
            try await StreamClient.with(port: server.port) { client in
                let bytes = SeededBytes(seed: 1, count: 1_000_000)
                try await client.send(bytes)
                try await client.halfClose()
                #expect(await client.receive().text == "\(bytes.sha256) 1000000\n")
            }
        }
    }

    @Test func `A black hole swallows SYNs and is a port again afterwards`() async throws {
        let port = try await BlackHole.with { hole in
            for _ in 0..<3 {
                await #expect(throws: StreamFailure("cannot connect to 127.0.0.1:\(hole.port)", .timeout)) {
                    try await StreamClient.connect(port: hole.port, within: .milliseconds(500))
                }
            }
            return hole.port
        }
        await #expect(throws: StreamFailure("cannot connect to 127.0.0.1:\(port)", .reset(ECONNREFUSED))) {
            try await StreamClient.connect(port: port)
        }
    }
}
