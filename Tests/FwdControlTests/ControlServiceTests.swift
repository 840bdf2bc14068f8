import FwdCore
import FwdTestSupport
import Testing

@testable import FwdControl

@Suite struct ControlServiceTests {
    @Test(.timeLimit(.minutes(1))) func aServerThatIsCancelledEndsThoughSomebodyWaits() async throws {
        let backend = BackendStub(gateways: [.make("a", .connecting)])
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
            let service = ControlService(
                claim: try ControlSocketClaim(path: path), backend: backend, logger: ControlServerFixture.silent
            ) { isReady.finish() }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try? await service.run() }
                for await _ in ready {}
                tasks.addTask {
                    _ = try? await ControlClient.with(path: path) {
                        try await $0.settled(gateway: "a", timeout: .seconds(20))
                    }
                }
                try await eventually("somebody waits") { backend.broadcast.listenerCount == 1 }
                tasks.cancelAll()
            }
        }
    }
}
