import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Serves the control protocol on its socket until shutdown. When it ends for any other reason, so must the daemon.
public struct ControlService: Service {
    private let claim: ControlSocketClaim
    private let backend: any ControlBackend
    private let logger: Logger
    private let onReady: @Sendable () async -> Void

    /// - Parameters:
    ///   - claim: the right to the socket; a file that lies at its path is replaced.
    ///   - onReady: called once the socket takes connections.
    public init(
        claim: ControlSocketClaim, backend: any ControlBackend, logger: Logger,
        onReady: @escaping @Sendable () async -> Void = {}
    ) {
        self.claim = claim
        self.backend = backend
        self.logger = logger
        self.onReady = onReady
    }

    /// - Throws: `ControlError` if the socket cannot be bound.
    public func run() async throws {
        defer { claim.removeSocket() }
        do {
            try await application().run()
        } catch let error as IOError {
            throw ControlError(
                .internal, "cannot listen on the control socket \(claim.path): \(systemMessage(error.errnoCode))")
        }
    }

    private func application() -> some ApplicationProtocol {
        Application(
            router: ControlRouter(backend: backend, owner: geteuid(), logger: logger).build(),
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: ApplicationConfiguration(
                address: .unixDomainSocket(path: claim.path),
                availableConnectionsDelegate: .maximum(ControlLimits.connections, logger: logger.quietened())),
            onServerRunning: { await socketIsBound($0) },
            logger: logger.quietened())
    }

    /// The directory kept others out until now; from here on the socket's own mode does so too.
    private func socketIsBound(_ channel: any Channel) async {
        do {
            try claim.protectSocket()
            logger.info("the control socket is ready", metadata: .keys([.path: "\(claim.path)"]))
            await onReady()
        } catch {
            logger.error("the control socket cannot be used", metadata: .keys([.error: "\(error)"]))
            channel.close(promise: nil)
        }
    }
}

extension Logger {
    /// For libraries whose "info" is our "debug".
    package func quietened() -> Logger {
        var logger = self
        logger.logLevel = max(logLevel, .warning)
        return logger
    }
}
