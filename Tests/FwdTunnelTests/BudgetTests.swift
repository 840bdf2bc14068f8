import FwdCore
import FwdTestSupport
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import FwdTunnel

@Suite("The process's budget of connections", .serialized)
struct BudgetTests {
    @Test("20 clients and 4 places: all are served in the end, never more than 4 at once")
    func servesAllInTurn() async throws {
        let gauge = Gauge()
        let counting = TargetBehaviour.custom { stream in
            gauge.enter()
            while case .bytes(let bytes) = await stream.read(within: .seconds(60)) { try await stream.write(bytes) }
            // The place returns when our EOF is through, not before.
            gauge.leave()
            try await stream.finish()
        }
        let budget = ConnectionBudget(limit: 4)
        try await withLimits(.local, .none, counting, budget: budget) { port, target, fixture in
            var clients: [StreamClient] = []
            for _ in 0..<20 {
                let client = try await StreamClient.connect(port: port)
                try await client.send("hello")
                clients.append(client)
            }
            try await eventually("4 are carried") { target.totalConnections == 4 }
            try await eventually("the forward says so") {
                try await fixture.forward("f").lastError?.cause.reason == .limit
            }
            #expect(target.totalConnections == 4)
            #expect(try await fixture.forward("f").relays.active == 5, "one waits here, the others in the kernel")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in clients {
                    group.addTask {
                        #expect(await client.receive(count: 5) == "hello")
                        try await client.halfClose()
                        #expect(await client.receive().end == .eof)
                        await client.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(target.totalConnections == 20)
            #expect(gauge.most == 4)
            try await eventually("all places have come back") { Self.free(of: budget) == 4 }
        }
    }

    @Test("a client that goes while it waits for a place costs none")
    func forgetsWhoLeaves() async throws {
        let budget = ConnectionBudget(limit: 1)
        try await withLimits(.local, .none, budget: budget) { port, target, fixture in
            let first = try await greeted(port)
            let second = try await StreamClient.connect(port: port)
            try await eventually("it waits") { try await fixture.forward("f").relays.active == 2 }
            await second.reset()
            try await eventually("it has gone") { try await fixture.forward("f").relays.active == 1 }
            await first.close()
            let third = try await greeted(port)
            await third.close()
            #expect(target.totalConnections == 2)
            try await eventually("the place has come back") { Self.free(of: budget) == 1 }
        }
    }

    @Test("-R refuses what there is no place for, and takes the next when there is one")
    func refusesRemoteOnes() async throws {
        let budget = ConnectionBudget(limit: 1)
        try await withLimits(.remote, .none, budget: budget) { port, target, fixture in
            let first = try await greeted(port)
            let end = try await StreamClient.with(port: port) { await $0.receiveDigest() }
            #expect(end.count == 0 && end.end != .timeout, "\(end)")
            try await eventually("it is counted") { try await ended(fixture, .overLimit) == 1 }
            #expect(try await fixture.forward("f").lastError?.cause.reason == .limit)
            #expect(target.totalConnections == 1)
            await first.close()
            try await eventually("the place has come back") { Self.free(of: budget) == 1 }
            await (try greeted(port)).close()
        }
    }

    @Test("a place goes to whoever has waited longest, and only to it")
    func wakesInOrder() async throws {
        let budget = ConnectionBudget(limit: 1)
        let loops = [MultiThreadedEventLoopGroup.singleton.next(), MultiThreadedEventLoopGroup.singleton.next()]
        let woken = Mutex<[Int]>([])
        #expect(budget.take())
        for index in 0..<4 {
            let now = budget.take(on: loops[index % 2]) { woken.withLock { $0.append(index) } }
            #expect(!now)
        }
        for index in 0..<4 {
            budget.give()
            try await eventually("the next is woken") { woken.withLock { $0.count } == index + 1 }
        }
        #expect(woken.withLock { $0 } == [0, 1, 2, 3])
        #expect(!budget.take())
        budget.give()
        #expect(budget.take())
    }

    @Test(
        "a listener without descriptors stops accepting, says so, and tries again by a timer",
        arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func backsOff(code: CInt) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let told = Mutex<[Cause]>([])
        let parts = try await loop.submit {
            let gate = AcceptGate(budget: ConnectionBudget(), loop: loop) { cause in told.withLock { $0.append(cause) }
            }
            return NIOLoopBound(gate, eventLoop: loop)
        }.get()
        let server = try await ServerBootstrap(group: loop)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(AcceptErrorHandler(gate: parts.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        try await loop.submit {
            parts.value.open([server])
            server.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
            server.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        }.get()
        #expect(try await !server.getOption(.autoRead).get())
        #expect(told.withLock { $0 }.map(\.reason) == [.limit])
        try await eventually("it accepts again") { try await server.getOption(.autoRead).get() }
        try await server.close()
        try await loop.submit { parts.value.close() }.get()
    }

    /// Counts by taking them all, and gives them back.
    private static func free(of budget: ConnectionBudget) -> Int {
        var count = 0
        while budget.take() { count += 1 }
        for _ in 0..<count { budget.give() }
        return count
    }
}

/// How many are inside now, and the most there were.
private final class Gauge: Sendable {
    private let state = Mutex((inside: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() {
        state.withLock { state in
            state.inside += 1
            state.most = max(state.most, state.inside)
        }
    }

    func leave() { state.withLock { $0.inside -= 1 } }
}
