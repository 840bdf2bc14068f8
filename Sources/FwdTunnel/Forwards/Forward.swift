import FwdCore
import Logging
import NIOCore

/// How a kind of forward listens. Each kind is one folder; the rest of the gateway knows only this.
protocol ForwardListener: AnyObject {
    /// The forward is there from now on, whether it can listen or not; until `stopped`.
    func started()
    func stopped()
    /// The gateway is about to connect to one of these.
    func gatewayConnects(to addresses: [SocketAddress])
    /// Of its packets, where it carries packets.
    var network: NetworkStatus? { get }
    /// Begins to listen. The answer comes once, unless `close` comes first.
    func open(completion: @escaping (Result<UInt16?, Cause>) -> Void)
    /// Stops listening and forgets connections that are not carried yet. Relays go on.
    func close()
    /// The gateway is up: connections that waited for it may go on.
    func gatewayCameUp()
    /// Ends the relays too.
    func abort()
    /// Whether connections wait for the gateway.
    var hasWaiting: Bool { get }
}

extension ForwardListener {
    func started() {}
    func stopped() {}
    func gatewayConnects(to addresses: [SocketAddress]) {}
    var network: NetworkStatus? { nil }
}

/// One rule: runs a `ForwardStateMachine`, owns the listener and the counters. Loop-bound.
final class Forward {
    let configuration: ForwardConfiguration
    let counters: ForwardCounters
    let logger: Logger
    private var machine: ForwardStateMachine
    private let timer: LoopTimer
    private let loop: any EventLoop
    private let record: (GatewayEvent) -> Void
    private let stateDidChange: () -> Void
    private var lastState: ForwardState
    private var since = Timestamp.now()
    private var lastError: LastError?
    private var lastWarning: ContinuousClock.Instant?
    /// Set right after creation; the listener refers back to its forward.
    var listener: (any ForwardListener)?
    private var prober: Prober?
    private var isReady = false
    private var awaitsProbe = false

    init(
        _ configuration: ForwardConfiguration, loop: any EventLoop, logger: Logger,
        record: @escaping (GatewayEvent) -> Void, stateDidChange: @escaping () -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger.with(LogKey.forward, configuration.name)
        self.record = record
        self.stateDidChange = stateDidChange
        counters = ForwardCounters(kind: configuration.spec.kind)
        machine = ForwardStateMachine(kind: configuration.spec.kind, isEnabled: configuration.isEnabled)
        timer = LoopTimer(loop)
        lastState = machine.publicState
    }

    /// Set right after creation, where the configuration has a probe.
    func probe(from source: ProbeSource) {
        guard let probe = configuration.probe else { return }
        awaitsProbe = true
        prober = Prober(probe, of: configuration, loop: loop, source: source) { [weak self] cause in
            self?.probed(cause)
        }
    }

    private func probed(_ cause: Cause?) {
        if let cause { remember(cause) }
        machine.probed(cause)
        let isFirst = awaitsProbe
        awaitsProbe = false
        // The first verdict is news even where it only confirms.
        if !noticeChange(), isFirst { stateDidChange() }
    }

    // MARK: - Events

    func start() {
        if machine.isEnabled { listener?.started() }
        perform(machine.start())
    }

    func gatewayCameUp() {
        perform(machine.gatewayUp())
        listener?.gatewayCameUp()
    }

    /// The gateway is up on another session, the old one only finishes what it carries: a remote port moves.
    func sessionReplaced() {
        guard configuration.spec.kind.listensFarAway else { return }
        perform(machine.gatewayDown())
        gatewayCameUp()
    }

    func gatewayWentDown() { perform(machine.gatewayDown()) }

    func retry() {
        perform(machine.retry())
        prober?.retry()
    }

    func stop() {
        perform(machine.stop())
        listener?.stopped()
    }

    /// The system has taken the listener away.
    func listenerLost(_ cause: Cause) {
        remember(cause)
        perform(machine.lost(cause, now: .now, jitter: Double.random(in: 0..<1)))
    }

    private func listenerAnswered(_ result: Result<UInt16?, Cause>) {
        switch result {
        case .success(let port):
            machine.opened(port: port)
            perform([])
        case .failure(let cause):
            remember(cause)
            perform(machine.openFailed(cause, now: .now, jitter: Double.random(in: 0..<1)))
        }
    }

    /// A connection failed; the listener stays. The same cause is a warning once a minute at most: a dead target can
    /// fail thousands of connections in a second.
    func connectionFailed(_ cause: Cause) {
        let isOther = leadsToOnePlace && cause != lastError?.cause
        let isNews = isOther || lastWarning.map { $0.duration(to: .now) >= .seconds(60) } ?? true
        if isNews { lastWarning = .now }
        logger.log(
            level: isNews ? .warning : .debug, "connection failed: \(cause)",
            metadata: [LogKey.reason: "\(cause.reason.rawValue)"])
        remember(cause)
        if leadsToOnePlace { prober?.connectionFailed() }
    }

    /// A connection has reached the target.
    func connectionSucceeded() {
        if leadsToOnePlace { prober?.connectionSucceeded() }
    }

    /// Otherwise a connection says nothing about the next one, or about what the probe asks for; and who chooses the
    /// targets chooses how many causes there are.
    private var leadsToOnePlace: Bool { configuration.spec.leadsToOnePlace }

    private func remember(_ cause: Cause) {
        lastError = LastError(at: .now(), cause: cause)
    }

    private func perform(_ actions: [ForwardStateMachine.Action]) {
        for action in actions {
            switch action {
            case .openListener: listener?.open { [weak self] in self?.listenerAnswered($0) }
            case .closeListener: listener?.close()
            case .setTimer(let instant):
                timer.set(in: TimeAmount(clamping: instant - .now)) { [weak self] in
                    guard let self else { return }
                    perform(machine.timerFired(now: .now))
                }
            case .cancelTimer: timer.cancel()
            }
        }
        noticeChange()
    }

    /// The one place that all changes of state pass.
    /// - Returns: whether there was one.
    @discardableResult
    private func noticeChange() -> Bool {
        noticeReadiness()
        let state = machine.publicState
        guard state != lastState else { return false }
        let message = "\(lastState.rawValue) -> \(state.rawValue)"
        record(from: lastState, to: state)
        lastState = state
        since = .now()
        switch state {
        case .up:
            logger.notice("\(message)", metadata: machine.boundPort.map { [LogKey.port: "\($0)"] })
        case .waiting:
            logger.info("\(message)")
        case .disabled:
            logger.info("stopped")
        case .degraded:
            logger.warning("\(message): \(machine.cause?.message ?? "")")
        case .parked:
            logger.error("\(message): \(machine.cause?.message ?? "")")
        }
        stateDidChange()
        return true
    }

    private func noticeReadiness() {
        guard machine.isReady != isReady else { return }
        isReady = machine.isReady
        prober?.readinessChanged(isReady, port: machine.boundPort)
    }

    /// What only follows from the gateway's state is no event of its own.
    private func record(from old: ForwardState, to new: ForwardState) {
        let ordinary: Set<ForwardState> = [.waiting, .up]
        if ordinary.contains(old), ordinary.contains(new) { return }
        record(
            GatewayEvent(
                at: .now(), forward: configuration.name, from: old.rawValue, to: new.rawValue, cause: machine.cause))
    }

    var status: ForwardStatus {
        let spec = configuration.spec
        return ForwardStatus(
            name: configuration.name, kind: spec.kind, spec: spec.description, listen: spec.listen.description,
            target: spec.target.description, state: machine.publicState, cause: machine.cause, since: since,
            lastError: lastError, boundPort: machine.boundPort,
            probe: prober?.status, awaitsProbe: awaitsProbe ? true : nil, relays: counters.values,
            network: listener?.network)
    }
}

@available(*, unavailable)
extension Forward: Sendable {}
