import Foundation
import FwdControl
import FwdCore
import FwdTunnel
import Logging
import ServiceLifecycle

/// Owns the gateways: starts what `forwards.d` says, changes it at a reload, stops it at shutdown.
///
/// It runs as one service of the daemon; the control protocol and the health endpoint ask it. Every gateway lives on its
/// own event loop and fails alone.
public actor SupervisorService: Service, ControlBackend {
    /// A gateway and the configuration it was last given.
    struct Running {
        var configuration: GatewayConfiguration
        let gateway: any SupervisedGateway
    }

    let directory: String
    let load: ConfigurationLoader
    let makeGateway: GatewayFactory
    let drain: Duration
    let observer: (any SupervisorObserver)?
    let logger: Logger
    nonisolated let broadcast = ChangeBroadcast()
    private let clock: @Sendable () -> Timestamp
    private let startedAt: Timestamp

    var running: [String: Running] = [:]
    /// Gateways whose file is gone and whose connections are ending, by a number of our own.
    var leaving: [Int: any SupervisedGateway] = [:]
    var nextLeaverID = 0
    let leavers = AsyncStream.makeStream(of: Int.self)
    var configuration: ConfigurationStatus
    var isShuttingDown = false
    private var hasStarted = false
    private var early: [CheckedContinuation<Void, Never>] = []
    var reloadTurn = Turnstile()
    let initial: LoadedConfiguration

    /// - Parameters:
    ///   - directory: the absolute path that `load` reads, for the status.
    ///   - initial: the first reading, which was good enough to start with.
    ///   - drain: how long connections may take to end at shutdown and when a gateway is removed.
    ///   - clock: the time of day.
    init(
        directory: String, initial: LoadedConfiguration, load: @escaping ConfigurationLoader,
        makeGateway: @escaping GatewayFactory, drain: Duration = .seconds(10),
        observer: (any SupervisorObserver)? = nil,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now, logger: Logger
    ) {
        self.directory = directory
        self.initial = initial
        self.load = load
        self.makeGateway = makeGateway
        self.drain = drain
        self.observer = observer
        self.clock = clock
        self.logger = logger
        startedAt = clock()
        configuration = initial.status(at: startedAt)
    }

    /// Supervises until graceful shutdown (then connections may drain) or cancellation (then they are cut).
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.drainLeavers() }
            await startInitial()
            beginServing()
            try? await gracefulShutdown()
            isShuttingDown = true
            broadcast.finish()
            leavers.continuation.finish()
            await stopAll(drain: Task.isCancelled ? .zero : drain)
        }
    }

    public func snapshot() async -> StatusSnapshot {
        await untilStarted()
        let statuses = await statuses()
        return StatusSnapshot(
            version: FwdVersion.current, libssh2: TunnelEngine.version, pid: ProcessInfo.processInfo.processIdentifier,
            startedAt: startedAt, takenAt: clock(), directory: directory, configuration: configuration,
            gateways: statuses)
    }

    public func retry(gateway: String?) async throws(ControlError) -> RetryReply {
        await untilStarted()
        try checkIsServing()
        guard let gateway else {
            for name in running.keys.sorted() { await running[name]?.gateway.retry() }
            return RetryReply(gateways: running.keys.sorted())
        }
        guard let found = running[gateway] else { throw ControlError(.notFound, "no gateway \"\(gateway)\" runs") }
        await found.gateway.retry()
        return RetryReply(gateways: [gateway])
    }

    /// The machine's network has changed, or the machine has woken up: every gateway looks at its session, or tries.
    public func networkChanged() async {
        for name in running.keys.sorted() { await running[name]?.gateway.networkChanged() }
    }

    public func history(gateway: String?) async throws(ControlError) -> HistoryReply {
        await untilStarted()
        var histories: [HistoryReply.Gateway] = []
        for name in running.keys.sorted() where gateway == nil || gateway == name {
            let events = await running[name]?.gateway.history() ?? []
            histories.append(HistoryReply.Gateway(gateway: name, events: events))
        }
        if let gateway, histories.isEmpty { throw ControlError(.notFound, "no gateway \"\(gateway)\" runs") }
        return HistoryReply(gateways: histories)
    }

    public nonisolated func changes() -> AsyncStream<Void> { broadcast.listen() }

    func now() -> Timestamp { clock() }

    /// The control socket may be faster than we: who asks before the gateways are there waits for them, and is not told
    /// that there are none.
    func untilStarted() async {
        if hasStarted { return }
        await withCheckedContinuation { early.append($0) }
    }

    private func beginServing() {
        hasStarted = true
        for continuation in early { continuation.resume() }
        early = []
    }
}
