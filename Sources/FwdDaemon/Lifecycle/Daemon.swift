import FwdConfig
import FwdControl
import FwdCore
import FwdTunnel
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The supervisor with its control socket, health endpoint and signals: what `fwd run` runs.
public struct Daemon: Sendable {
    public let supervisor: SupervisorService
    private let configuration: RunConfiguration
    private let claim: ControlSocketClaim
    private let gate: StartGate
    private let serviceManager: ServiceManager?
    private let logger: Logger
    /// The directory before it was read first.
    private let look: DirectoryPrint
    private let stops = AsyncStream.makeStream(of: Void.self)

    /// Takes the control socket's lock and reads `forwards.d`; nothing is started yet.
    /// - Parameters:
    ///   - load: reads `configuration.directory`.
    ///   - makeGateway: `nil` for real gateways.
    ///   - serviceManager: keeps local listeners beyond this process and is told how it goes, if given.
    /// - Throws: `ControlError` (another supervisor runs, no permission) or `DaemonError` (the directory cannot be
    ///   read).
    public init(
        _ configuration: RunConfiguration, load: @escaping ConfigurationLoader, makeGateway: GatewayFactory? = nil,
        serviceManager: ServiceManager? = nil, logger: Logger
    ) async throws {
        self.configuration = configuration
        self.serviceManager = serviceManager
        self.logger = logger
        claim = try ControlSocketClaim(path: configuration.controlPath)
        gate = StartGate(control: configuration.controlPath, hasHealth: configuration.health != nil)
        look = ForwardsDirectory(path: configuration.directory).look()
        supervisor = SupervisorService(
            directory: configuration.directory, initial: try await load(), load: load,
            makeGateway: makeGateway ?? Self.gatewayFactory(listeners: serviceManager, logger: logger),
            drain: configuration.drain, observer: serviceManager, logger: logger)
    }

    /// Runs until a signal or `shutDown`; returns when all gateways are stopped.
    /// - Throws: what made a service fail; then the others have been stopped as well.
    public func run() async throws {
        let group = ServiceGroup(configuration: groupConfiguration())
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                for await _ in stops.stream { await group.triggerGracefulShutdown() }
            }
            defer { tasks.cancelAll() }
            do {
                try await tasks.next()
            } catch {
                await gate.close()
                throw error
            }
            await gate.close()
        }
    }

    /// Asks for a graceful shutdown; `run` returns when it is done. May be called at any time, also twice.
    public func shutDown() {
        stops.continuation.yield()
    }

    /// Returns when the control socket and the health endpoint listen and all gateways have been told to start.
    /// - Throws: `CancellationError` if `run` ends first.
    public func addresses() async throws -> DaemonAddresses {
        let addresses = try await gate.wait()
        await supervisor.untilStarted()
        return addresses
    }

    private func groupConfiguration() -> ServiceGroupConfiguration {
        // Shutdown goes from the last to the first: while connections drain, `fwd list` and monitoring still see it.
        var services: [any Service] = []
        if configuration.handlesSignals { services.append(signals()) }
        if let watchdog = serviceManager?.watchdog { services.append(signsOfLife(every: watchdog)) }
        if let address = configuration.health { services.append(health(address)) }
        services.append(control())
        services.append(networkWatch())
        if configuration.watchesDirectory { services.append(directoryWatch()) }
        services.append(supervisor)
        if let serviceManager { services.append(reports(to: serviceManager)) }
        var group = ServiceGroupConfiguration(services: services, logger: logger.quietened())
        group.maximumGracefulShutdownDuration = configuration.drain + .seconds(5)
        return group
    }

    private func signals() -> SignalService {
        let (supervisor, stops) = (supervisor, stops)
        return SignalService(
            logger: logger,
            reload: {
                _ = try? await supervisor.reload()
                _ = try? await supervisor.retry(gateway: nil)
            }, shutDown: { stops.continuation.yield() })
    }

    private func health(_ address: HealthAddress) -> HealthService {
        let (supervisor, gate) = (supervisor, gate)
        return HealthService(
            address: address, logger: logger, onReady: { await gate.healthIsReady($0) },
            snapshot: { await supervisor.snapshot() },
            history: { (try? await supervisor.history(gateway: nil)) ?? HistoryReply(gateways: []) })
    }

    private func networkWatch() -> NetworkWatchService {
        let supervisor = supervisor
        return NetworkWatchService(logger: logger) { await supervisor.networkChanged() }
    }

    private func directoryWatch() -> DirectoryWatchService {
        let supervisor = supervisor
        return DirectoryWatchService(
            directory: ForwardsDirectory(path: configuration.directory), known: look, logger: logger,
            reload: { _ = try? await supervisor.reload() })
    }

    private func signsOfLife(every interval: WatchdogInterval) -> WatchdogService {
        let (supervisor, serviceManager) = (supervisor, serviceManager)
        return WatchdogService(
            interval: interval,
            lives: {
                await MultiThreadedEventLoopGroup.singleton.answer()
                // It asks each gateway.
                _ = await supervisor.snapshot()
            }, tell: { serviceManager?.tellAlive() })
    }

    private func reports(to manager: ServiceManager) -> ServiceReportService {
        let (supervisor, daemon) = (supervisor, self)
        return ServiceReportService(
            manager: manager, untilReady: { _ = try await daemon.addresses() }, changes: { supervisor.changes() },
            snapshot: { await supervisor.snapshot() })
    }

    private func control() -> ControlService {
        let gate = gate
        return ControlService(claim: claim, backend: supervisor, logger: logger) { await gate.controlIsReady() }
    }

    private static func gatewayFactory(listeners: (any ListenerStore)?, logger: Logger) -> GatewayFactory {
        let registry = GatewayRegistry()
        DescriptorLimit.raise()
        let budget = ConnectionBudget(limit: DescriptorLimit.connections)
        return { configuration, stateDidChange in
            var logger = logger
            logger[.gateway] = "\(configuration.name)"
            return Gateway(
                configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
                registry: registry, budget: budget, listeners: listeners, logger: logger, stateDidChange: stateDidChange
            )
        }
    }
}
