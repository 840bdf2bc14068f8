import FwdControl
import FwdCore
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Serves liveness, readiness, metrics and the status over plain HTTP until shutdown.
public struct HealthService: Service {
    /// Connections at a time: a few scrapers and load balancers. Others wait in the backlog.
    static let maximumConnections = 64

    private let address: HealthAddress
    private let snapshot: @Sendable () async -> StatusSnapshot
    private let feed: StatusFeed
    private let logger: Logger
    private let onReady: @Sendable (HealthAddress) async -> Void

    /// - Parameter onReady: called with the address and the port really listened on.
    public init(
        address: HealthAddress, logger: Logger, onReady: @escaping @Sendable (HealthAddress) async -> Void = { _ in },
        snapshot: @escaping @Sendable () async -> StatusSnapshot,
        history: @escaping @Sendable () async -> HistoryReply
    ) {
        feed = StatusFeed(snapshot: snapshot, history: history)
        self.address = address
        self.logger = logger
        self.onReady = onReady
        self.snapshot = snapshot
    }

    /// - Throws: `DaemonError` if the address cannot be listened on.
    public func run() async throws {
        do {
            try await serve()
        } catch let error as IOError {
            throw bindError(systemMessage(error.errnoCode))
        } catch let error as SocketAddressError {
            throw bindError("\(error)")
        }
    }

    private func serve() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await feed.run() }
            tasks.addTask { try await application().run() }
            defer { tasks.cancelAll() }
            // An open page would keep the server from ending.
            try await withGracefulShutdownHandler {
                try await tasks.next()
            } onGracefulShutdown: {
                feed.close()
            }
        }
    }

    private func bindError(_ message: String) -> DaemonError {
        DaemonError(
            .health,
            "cannot listen on \(address) for health: \(message); choose another address with --health, or --health off")
    }

    private func application() -> some ApplicationProtocol {
        Application(
            router: HealthRouter(snapshot: snapshot, feed: feed, isLocal: address.isLoopback).build(),
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: Int(address.port)),
                availableConnectionsDelegate: .maximum(Self.maximumConnections, logger: logger.quietened())),
            onServerRunning: { await isListening($0) },
            logger: logger.quietened())
    }

    private func isListening(_ channel: any Channel) async {
        let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? address.port
        let bound = HealthAddress(host: address.host, port: port)
        logger.notice("the health endpoint is ready", metadata: .keys([.address: "\(bound)"]))
        await onReady(bound)
    }
}
