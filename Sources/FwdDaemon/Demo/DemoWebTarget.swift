import FwdControl
import Hummingbird
import Logging
import NIOCore

/// A web server with one page, which both forwards lead to.
struct DemoWebTarget: Sendable {
    let port: UInt16
    /// New in every demo, so that nobody else's page can pass for it.
    let page: String

    /// Runs `body` while it serves.
    static func with(logger: Logger, _ body: @escaping @Sendable (DemoWebTarget) async throws -> Void) async throws {
        let page = "This page came through fwd. Number of this demo: \(UInt64.random(in: .min ... .max))\n"
        // It ends by cancellation, which it would report as an error.
        var silent = logger
        silent.logLevel = .critical
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router(page),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { bound.yield($0.localAddress?.port ?? 0) },
            logger: silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask {
                for await port in ports {
                    return try await body(DemoWebTarget(port: UInt16(port), page: page))
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func router(_ page: String) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/") { _, _ in page }
        return router
    }
}
