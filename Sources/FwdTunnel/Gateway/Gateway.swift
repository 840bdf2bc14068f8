import FwdCore
import LibSSH2
import Logging
import NIOCore

/// One SSH server that we keep a session with: the async face of everything that lives on its event loop.
///
/// Its executor is that loop, so that a call is one hop and nothing inside needs a lock.
public actor Gateway {
    public nonisolated let name: String
    public nonisolated let eventLoop: any EventLoop
    public nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    private let driver: GatewayDriver
    private nonisolated let registry: GatewayRegistry

    /// - Parameters:
    ///   - registry: where the gateways are that this one may be reached through, and those that reach others through
    ///     this one.
    ///   - budget: what all gateways of the process may carry together.
    ///   - listeners: sockets for local listeners that live longer than the process.
    ///   - stateDidChange: called, on the loop, after every change of state of the gateway or of a forward.
    public init(
        configuration: GatewayConfiguration, eventLoop: any EventLoop, registry: GatewayRegistry = GatewayRegistry(),
        budget: ConnectionBudget = ConnectionBudget(), listeners: (any ListenerStore)? = nil, logger: Logger,
        stateDidChange: @escaping @Sendable () -> Void
    ) {
        name = configuration.name
        self.eventLoop = eventLoop
        self.registry = registry
        driver = GatewayDriver(
            configuration, loop: eventLoop, registry: registry, budget: budget, store: listeners, logger: logger,
            stateDidChange: stateDidChange)
    }

    /// Binds the local listeners and starts the first attempt.
    public func start() {
        registry.register(self)
        driver.start(reporting: { [weak self, registry] trouble in
            if let self { registry.report(self, trouble: trouble) }
        })
    }

    /// Takes over a new configuration: forwards that did not change are not touched, removed ones drain; a changed
    /// login restarts the session.
    public func update(_ configuration: GatewayConfiguration) {
        driver.update(configuration)
    }

    /// Leaves backoff or parking at once, and retries listeners that failed.
    public func retry() {
        driver.retry()
    }

    /// The machine's network has changed, or it has woken up: a session is asked for a sign of life, and a gateway that
    /// waits because of the network tries at once.
    public func networkChanged() {
        driver.networkChanged()
    }

    public func status() -> GatewayStatus {
        driver.status
    }

    /// The last events, oldest first.
    public func history() -> [GatewayEvent] {
        driver.history.events
    }

    /// Stops listening, lets relays end for at most `drain`, closes the session. Returns when all is closed.
    ///
    /// This is the end of the process: what the store of listeners has kept goes on listening for the next one.
    public func stop(drain: Duration) async {
        await stop(drain: drain, forGood: false)
    }

    /// The same for a gateway that was taken out of the configuration: the store forgets its listeners.
    public func leave(drain: Duration) async {
        await stop(drain: drain, forGood: true)
    }

    private func stop(drain: Duration, forGood: Bool) async {
        await withCheckedContinuation { continuation in
            driver.stop(drain: drain, forGood: forGood) { continuation.resume() }
        }
        registry.unregister(self)
    }

    /// Another gateway's session wants to go through this one.
    nonisolated func openJump(
        to target: ForwardSpec.Endpoint, for promise: EventLoopPromise<ConnectedSocket.Handle>
    ) {
        eventLoop.execute {
            self.assumeIsolated { gateway in gateway.driver.openJump(to: target, for: promise) }
        }
    }
}

/// The engine that carries the channels.
public enum TunnelEngine {
    /// The version of the libssh2 in use, "1.11.1".
    public static var version: String { LibSSH2Library.version }
}
