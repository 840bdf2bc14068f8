import FwdCore
import ServiceLifecycle

/// Tells the service manager when the daemon is ready, how its forwards are, and when it begins to end.
///
/// It is the last service of the group, so it is the first to be shut down: the manager knows before connections drain.
struct ServiceReportService: Service {
    /// Our choice: many gateways that come up together are few lines in the journal.
    private static let pause = Duration.seconds(1)

    let manager: ServiceManager
    /// Returns when the daemon can be reached and its gateways have been told to start.
    let untilReady: @Sendable () async throws -> Void
    let changes: @Sendable () -> AsyncStream<Void>
    let snapshot: @Sendable () async -> StatusSnapshot

    func run() async throws {
        await cancelWhenGracefulShutdown { await report() }
        manager.tellStopping()
    }

    private func report() async {
        let changes = changes()
        do {
            try await untilReady()
        } catch {
            // Another service has failed, which ends this one as well.
            return
        }
        manager.tellReady(ServiceReport(await snapshot()))
        for await _ in changes {
            manager.tell(ServiceReport(await snapshot()))
            // What changes meanwhile is one message.
            try? await Task.sleep(for: Self.pause)
        }
    }
}
