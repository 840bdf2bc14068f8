import FwdControl
import FwdTestSupport
import Logging
import ServiceLifecycle

/// A control server on a socket of its own.
struct ControlServerFixture: Sendable {
    let path: String
    let directory: TemporaryDirectory

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` while the server listens; both are over when this returns.
    static func with(
        _ backend: some ControlBackend, _ body: @escaping @Sendable (ControlServerFixture) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let fixture = ControlServerFixture(path: directory.file("control.sock"), directory: directory)
            let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
            let service = ControlService(
                claim: try ControlSocketClaim(path: fixture.path), backend: backend, logger: silent
            ) { isReady.finish() }
            let group = ServiceGroup(services: [service], logger: silent)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                tasks.addTask {
                    for await _ in ready {}
                    try await body(fixture)
                    await group.triggerGracefulShutdown()
                }
                defer { tasks.cancelAll() }
                // Not waitForAll: it would wait for the server after the body has failed.
                for try await _ in tasks {}
            }
        }
    }
}
