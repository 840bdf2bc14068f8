import FwdControl
import FwdCore
import FwdTestSupport
import ServiceLifecycle
import Testing

@testable import FwdDaemon

@Suite struct SupervisorTests {
    /// Runs a supervisor over stubs, and shuts it down gracefully afterwards.
    static func with(
        _ files: ConfigurationStub, _ stubs: GatewayStubs = GatewayStubs(),
        _ body: @escaping @Sendable (SupervisorService) async throws -> Void
    ) async throws {
        let supervisor = SupervisorService(
            directory: "/d", initial: try await files.load(), load: files.load, makeGateway: stubs.factory,
            logger: TestLogger.silent)
        let group = ServiceGroup(services: [supervisor], logger: TestLogger.silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                await supervisor.untilStarted()
                try await body(supervisor)
                await group.triggerGracefulShutdown()
            }
            defer { tasks.cancelAll() }
            // Not waitForAll: it would wait for the server after the body has failed.
            for try await _ in tasks {}
        }
    }

    @Test func everyGatewayIsStartedAndDrainedAtTheEnd() async throws {
        let stubs = GatewayStubs()
        try await Self.with(ConfigurationStub(["a": ["x"], "b": []]), stubs) { supervisor in
            let snapshot = await supervisor.snapshot()
            #expect(snapshot.gateways.map(\.name) == ["a", "b"])
            #expect(snapshot.configuration.isSuccessful)
            #expect(snapshot.directory == "/d")
        }
        for name in ["a", "b"] {
            #expect(await stubs[name]?.calls == [.start, .stop(.seconds(10))])
        }
    }

    @Test func aReloadTouchesOnlyWhatChanged() async throws {
        let files = ConfigurationStub(["keep": ["x"], "change": ["x", "y"], "go": ["x"]])
        let stubs = GatewayStubs()
        try await Self.with(files, stubs) { supervisor in
            files.set(["keep": ["x"], "change": ["x", "z"], "new": ["x"]])
            let reply = try await supervisor.reload()
            #expect(reply.isSuccessful)
            #expect(
                reply.gateways == [
                    .init(gateway: "change", action: .updated, started: ["z"], stopped: ["y"], kept: ["x"]),
                    .init(gateway: "go", action: .stopped, stopped: ["x"]),
                    .init(gateway: "keep", action: .kept, kept: ["x"]),
                    .init(gateway: "new", action: .started, started: ["x"]),
                ])
            #expect(await stubs["keep"]?.calls == [.start])
            #expect(await stubs["change"]?.calls == [.start, .update(["x", "z"])])
            #expect(await stubs["new"]?.calls == [.start])
            try await eventually("the removed gateway has drained") {
                await supervisor.snapshot().gateways.map(\.name) == ["change", "keep", "new"]
            }
            #expect(await stubs["go"]?.calls == [.start, .leave(.seconds(10))])
        }
    }

    @Test func aBadFileKeepsWhatItsGatewayRan() async throws {
        let files = ConfigurationStub(["a": ["x"], "b": ["x"]])
        let stubs = GatewayStubs()
        try await Self.with(files, stubs) { supervisor in
            files.set(["b": ["x", "y"]], refused: ["a"], errors: ["/d/a.yaml:1:1: no"])
            let reply = try await supervisor.reload()
            #expect(!reply.isSuccessful)
            #expect(reply.errors == ["/d/a.yaml:1:1: no"])
            #expect(reply.gateways.first == .init(gateway: "a", action: .refused, kept: ["x"]))
            #expect(await stubs["a"]?.calls == [.start])
            #expect(await stubs["b"]?.calls == [.start, .update(["x", "y"])])
            let configuration = await supervisor.snapshot().configuration
            #expect(configuration.refusedGateways == ["a"])
            #expect(!configuration.isSuccessful)
            files.set(["a": ["x"], "b": ["x", "y"]])
            #expect(try await supervisor.reload().gateways.map(\.action) == [.kept, .kept])
            #expect(await supervisor.snapshot().configuration.isSuccessful)
        }
    }

    @Test func aDirectoryThatCannotBeReadChangesNothing() async throws {
        let files = ConfigurationStub(["a": ["x"]])
        let stubs = GatewayStubs()
        try await Self.with(files, stubs) { supervisor in
            files.fail(DaemonError(.configuration, "cannot read the directory /d"))
            let reply = try await supervisor.reload()
            #expect(!reply.isSuccessful)
            #expect(reply.errors == ["cannot read the directory /d"])
            #expect(reply.gateways == [.init(gateway: "a", action: .kept, kept: ["x"])])
            #expect(await stubs["a"]?.calls == [.start])
            files.set(["a": ["x"]])
        }
    }

    @Test func aFileThatIsBadAtTheStartDisablesOnlyItsGateway() async throws {
        let files = ConfigurationStub([:])
        files.set(["b": []], refused: ["a"], errors: ["/d/a.yaml:1:1: no"])
        let stubs = GatewayStubs()
        try await Self.with(files, stubs) { supervisor in
            let snapshot = await supervisor.snapshot()
            #expect(snapshot.gateways.map(\.name) == ["b"])
            #expect(snapshot.configuration.refusedGateways == ["a"])
            #expect(stubs["a"] == nil)
        }
    }

    @Test func reloadsAtTheSameTimeFollowOneAnother() async throws {
        let files = ConfigurationStub(["a": ["x"]])
        let stubs = GatewayStubs()
        try await Self.with(files, stubs) { supervisor in
            files.set(["a": ["x"], "b": ["x"]])
            let started = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await supervisor.reload().gateways.count { $0.action == .started } }
                }
                return try await group.reduce(0, +)
            }
            #expect(started == 1)
            #expect(stubs.all("b").count == 1)
        }
    }

    @Test func aReloadThatOutlastsTheShutdownStartsNothing() async throws {
        let (stubs, files) = (GatewayStubs(), ConfigurationStub(["a": [], "b": []]))
        let (reached, released) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let supervisor = SupervisorService(
            directory: "/d", initial: try await ConfigurationStub(["a": []]).load(),
            load: { () async throws(DaemonError) in
                reached.continuation.yield()
                for await _ in released.stream { break }
                return try await files.load()
            }, makeGateway: stubs.factory, logger: TestLogger.silent)
        let group = ServiceGroup(services: [supervisor], logger: TestLogger.silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                await #expect(throws: ControlError(.shuttingDown, "the supervisor is shutting down")) {
                    try await supervisor.reload()
                }
            }
            for await _ in reached.stream { break }
            await group.triggerGracefulShutdown()
            try await eventually("the gateway is stopped") { await stubs["a"]?.calls.count == 2 }
            released.continuation.yield()
            try await tasks.waitForAll()
        }
        #expect(stubs["b"] == nil)
    }

    @Test func retryReachesOneOrAll() async throws {
        let stubs = GatewayStubs()
        try await Self.with(ConfigurationStub(["a": [], "b": []]), stubs) { supervisor in
            let one = try await supervisor.retry(gateway: "b")
            #expect(one.gateways == ["b"])
            let all = try await supervisor.retry(gateway: nil)
            #expect(all.gateways == ["a", "b"])
            await #expect(throws: ControlError(.notFound, "no gateway \"c\" runs")) {
                try await supervisor.retry(gateway: "c")
            }
            #expect(await stubs["a"]?.calls == [.start, .retry])
            #expect(await stubs["b"]?.calls == [.start, .retry, .retry])
        }
    }

    @Test func aChangeOfAGatewayIsHeard() async throws {
        let stubs = GatewayStubs()
        try await Self.with(ConfigurationStub(["a": []]), stubs) { supervisor in
            var changes = supervisor.changes().makeAsyncIterator()
            await stubs["a"]?.enter(.up)
            #expect(await changes.next() != nil)
            #expect(await supervisor.snapshot().gateways.map(\.state) == [.up])
        }
    }
}
