import FwdCore
import LibSSH2
import Logging
import NIOCore

/// Runs one gateway's state machine: attempts, the first session, its forwards. Loop-bound; `Gateway` is its face.
final class GatewayDriver {
    var configuration: GatewayConfiguration
    let loop: any EventLoop
    let logger: Logger
    private let stateDidChange: () -> Void
    let registry: GatewayRegistry
    private let budget: ConnectionBudget
    private let store: (any ListenerStore)?
    let links: LinkMaker
    let jumps: JumpHost
    private let probes: JumpHost
    /// Tells the registry why this gateway is not up, or that it is.
    private var report: (_ trouble: String?) -> Void = { _ in }

    private(set) var machine: GatewayStateMachine
    private var failback: Failback?
    private let timer: LoopTimer
    private let drainTimer: LoopTimer
    private(set) var forwards: [Forward] = []
    /// Forwards that were taken out and whose relays have not all ended.
    private var retired: [Forward] = []

    let pool: SessionPool
    private(set) var link: Link?
    /// What the last attempt found out about where its server is; empty for one that is reached through another.
    private var addresses: [SocketAddress] = []
    private var credentials: [CredentialStatus] = []
    private var since = Timestamp.now()
    private var lastState = GatewayState.stopped
    private var lastError: LastError?
    private var failures: [String: Int] = [:]
    private var connects = 0
    private(set) var history = EventHistory()
    /// The last state that is in the history.
    private var lastEvent = GatewayState.stopped
    private var whenStopped: [() -> Void] = []

    init(
        _ configuration: GatewayConfiguration, loop: any EventLoop, registry: GatewayRegistry, budget: ConnectionBudget,
        store: (any ListenerStore)?, logger: Logger, stateDidChange: @escaping () -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.registry = registry
        self.budget = budget
        self.store = store
        links = LinkMaker(loop: loop, registry: registry)
        machine = GatewayStateMachine(servers: 1 + configuration.fallbacks.count)
        self.logger = logger.with(LogKey.gateway, configuration.name)
        self.stateDidChange = stateDidChange
        jumps = JumpHost(loop: loop)
        probes = JumpHost(loop: loop)
        timer = LoopTimer(loop)
        drainTimer = LoopTimer(loop)
        pool = SessionPool(loop: loop, logger: self.logger)
        pool.driver = self
    }

    // MARK: - From outside

    func start(reporting report: @escaping (_ trouble: String?) -> Void) {
        self.report = report
        replaceForwards(with: configuration.forwards)
        perform(machine.start())
    }

    /// Takes a new configuration over. Forwards that did not change are not touched; a changed login starts the
    /// session again, and only that.
    func update(_ new: GatewayConfiguration) {
        guard machine.state != .stopped, machine.state != .draining else { return }
        var sameLogin = configuration
        sameLogin.forwards = new.forwards
        let isSameLogin = sameLogin == new
        configuration = new
        replaceForwards(with: new.forwards)
        guard !isSameLogin else { return }
        endFailback()
        machine.setServers(1 + new.fallbacks.count)
        restartSession(Cause(.requested, "the configuration changed"))
    }

    /// The first session has given up many opens, whose channels may still exist at the far side, and carries nothing.
    func replaceWornOutSession() {
        restartSession(Cause(.requested, "replacing a session that has given up many opens"))
    }

    private func restartSession(_ cause: Cause) {
        perform(machine.failed(attempt: machine.attempt, cause, now: .now, jitter: 0))
        perform(machine.retry())
    }

    /// The gateway that this one goes through is up again.
    func jumpCameUp() {
        if case .jump? = machine.waiting?.cause.reason { perform(machine.retry()) }
    }

    func retry() {
        perform(machine.retry())
        failback?.retry()
        for forward in forwards { forward.retry() }
    }

    func networkChanged() {
        pool.doubtLife()
        failback?.retry()
        perform(machine.networkChanged(now: .now))
    }

    /// Stops listening, gives relays `drain` to end, closes everything.
    /// - Parameter forGood: nobody listens in this one's place: the store forgets its sockets.
    func stop(drain: Duration, forGood: Bool, completion: @escaping () -> Void) {
        whenStopped.append(completion)
        for forward in forwards {
            forward.stop()
            if forGood { store?.forget(id(of: forward)) }
        }
        drainTimer.set(in: TimeAmount(clamping: drain)) { [weak self] in
            guard let self else { return }
            for forward in forwards + retired { forward.listener?.abort() }
            jumps.abort()
            probes.abort()
            perform(machine.drained())
        }
        perform(machine.stop())
        if machine.state == .stopped { finishStopping() }
    }

    private func finishStopping() {
        drainTimer.cancel()
        registry.stopWaiting(ObjectIdentifier(self))
        pool.closeAll()
        let completions = whenStopped
        whenStopped = []
        for completion in completions { completion() }
    }

    // MARK: - Forwards

    private func replaceForwards(with configurations: [ForwardConfiguration]) {
        let old = forwards
        let kept = old.filter { configurations.contains($0.configuration) }
        for forward in old where !kept.contains(where: { $0 === forward }) { retire(forward) }
        var added: [Forward] = []
        forwards = configurations.map { configuration in
            if let forward = kept.first(where: { $0.configuration == configuration }) { return forward }
            let forward = makeForward(configuration)
            added.append(forward)
            return forward
        }
        for forward in added {
            forward.listener?.gatewayConnects(to: addresses)
            forward.start()
            if machine.isUp { forward.gatewayCameUp() }
        }
    }

    private func makeForward(_ configuration: ForwardConfiguration) -> Forward {
        let forward = Forward(
            configuration, loop: loop, logger: logger, record: { [weak self] in self?.record($0) },
            stateDidChange: { [weak self] in self?.stateDidChange() })
        forward.listener = makeListener(for: forward)
        forward.probe(
            from: ProbeSource(channels: self, host: probes, network: forward.listener as? NetworkListener))
        return forward
    }

    private func makeListener(for forward: Forward) -> (any ForwardListener)? {
        let spec = forward.configuration.spec
        switch (spec.listen, spec.target) {
        case (.port(let listen), .destination(let target)) where spec.kind == .remote:
            return RemoteListener(
                forward: forward, listen: listen, target: target, loop: loop,
                source: ProbeSource(channels: self, host: probes), budget: budget,
                session: { [weak self] in self?.pool.primary })
        case (.port, .destination(let target)), (.socket, .destination(let target)):
            return LocalListener(
                forward: forward, listen: spec.listen, id: id(of: forward), loop: loop, channels: self, budget: budget,
                store: store, intake: { _ in FixedDestination(target) })
        case (.port, .asked):
            return LocalListener(
                forward: forward, listen: spec.listen, id: id(of: forward), loop: loop, channels: self, budget: budget,
                store: store, intake: { ProxyIntake($0) })
        case (.redirect(let rule), .original):
            return TransparentListener(
                forward: forward, id: id(of: forward), rule: rule, loop: loop, channels: self, budget: budget)
        case (.device(let link), _):
            return NetworkListener(forward: forward, link: link, loop: loop, channels: self)
        default: return nil
        }
    }

    private func id(of forward: Forward) -> ForwardID {
        ForwardID(gateway: configuration.name, forward: forward.configuration.name)
    }

    /// Stops listening for good; relays go on until they end by themselves.
    private func retire(_ forward: Forward) {
        forward.stop()
        store?.forget(id(of: forward))
        retired.append(forward)
        forward.counters.notifyWhenIdle { [weak self, weak forward] in
            self?.retired.removeAll { $0 === forward }
        }
    }

    // MARK: - Actions

    private func perform(_ actions: [GatewayStateMachine.Action]) {
        noticeChange()
        for action in actions {
            switch action {
            case .startAttempt(let number): startAttempt(number)
            case .dropSession: dropSession()
            case .setTimer(let instant):
                timer.set(in: TimeAmount(clamping: instant - .now)) { [weak self] in
                    guard let self else { return }
                    perform(machine.timerFired(now: .now))
                }
            case .cancelTimer: timer.cancel()
            case .drain: drain()
            }
        }
        if machine.state == .stopped, !whenStopped.isEmpty { finishStopping() }
    }

    // MARK: - Attempts

    /// The server in use, or the one of the next attempt, complete.
    var server: GatewayConfiguration {
        machine.server == 0 ? configuration : configuration.fallbacks[machine.server - 1]
    }

    /// Credentials, name, connection, then an `SSHSession`, which reports the rest.
    private func startAttempt(_ number: Int) {
        let server = server
        LoginLoader.load(server, on: loop)
            .and(links.resolve(server))
            .assumeIsolated()
            .whenComplete { [weak self] result in
                guard let self, isCurrent(number) else { return }
                switch result {
                case .success((let login, let addresses)): connect(number, addresses, login)
                case .failure(let error): attemptFailed(number, error)
                }
            }
    }

    private func connect(_ number: Int, _ addresses: [SocketAddress], _ login: LoginParameters) {
        machine.resolved(attempt: number)
        noticeChange()
        self.addresses = addresses
        for forward in forwards { forward.listener?.gatewayConnects(to: addresses) }
        links.make(server, addresses: addresses) { [weak self] result in
            guard let self, isCurrent(number) else {
                if case .success(let link) = result { link.channel.close(promise: nil) }
                return
            }
            switch result {
            case .success(let link): startSession(number, link, login)
            case .failure(let error): attemptFailed(number, error)
            }
        }
    }

    private func startSession(_ number: Int, _ link: Link, _ login: LoginParameters) {
        machine.connected(attempt: number)
        self.link = link
        noticeChange()
        do throws(LibSSH2Error) {
            try pool.startPrimary(on: link.channel, login: login)
        } catch {
            link.channel.close(promise: nil)
            attemptFailed(number, error)
        }
    }

    private func isCurrent(_ number: Int) -> Bool {
        number == machine.attempt && machine.state != .stopped
    }

    private func attemptFailed(_ number: Int, _ error: any Error) {
        if let nothing = error as? NothingToLogInWith {
            credentials = nothing.unusable
            return primaryEnded(attempt: number, nothing.cause)
        }
        primaryEnded(attempt: number, error as? Cause ?? Cause(.internal, .bug, describe(error)))
    }

    // MARK: - The first session's reports

    func primaryVerifiedHost() {
        machine.hostVerified(attempt: machine.attempt)
        noticeChange()
    }

    func primaryIsReady() {
        connects += 1
        machine.authenticated(attempt: machine.attempt, now: .now)
        noticeChange()
    }

    /// Everybody who used the session is about to be told: others that go through this gateway must find it down.
    func primaryIsEnding(_ cause: Cause) {
        report("has lost its session: \(cause)")
    }

    func primaryEnded(_ session: SSHSession, _ cause: Cause) {
        credentials = session.credentialStatuses
        explain(cause, wasReady: session.wasReady)
    }

    func primaryEnded(attempt number: Int, _ cause: Cause) {
        if cause.reason == .jump { waitForJump() }
        lastError = LastError(at: .now(), cause: cause)
        failures[cause.reason.rawValue, default: 0] += 1
        perform(machine.failed(attempt: number, cause, now: .now, jitter: Double.random(in: 0..<1)))
    }

    private func beginFailback() {
        failback = Failback(
            configuration, links: links, pool: pool, loop: loop, logger: logger,
            arrived: { [weak self] in self?.failedBack(to: $0) })
    }

    private func endFailback() {
        failback?.cancel()
        failback = nil
    }

    /// The preferred server's session is ready: it takes the forwards over, the other one finishes what it carries.
    private func failedBack(to link: Link) {
        failback = nil
        self.link = link
        machine.failedBack()
        logger.notice("back at \(configuration.host)", metadata: address.map { [LogKey.address: "\($0)"] })
        record(
            GatewayEvent(
                at: .now(), from: GatewayState.up.rawValue, to: GatewayState.up.rawValue,
                cause: Cause(.requested, "back at \(configuration.host)")))
        for forward in forwards { forward.sessionReplaced() }
        stateDidChange()
    }

    private func dropSession() {
        pool.dropPrimary()
        link = nil
    }

    // MARK: - Drain

    private func drain() {
        for forward in forwards + retired {
            forward.counters.notifyWhenIdle { [weak self] in self?.checkDrained() }
        }
        jumps.counters.notifyWhenIdle { [weak self] in self?.checkDrained() }
        checkDrained()
    }

    /// The relays are over, and the far side has confirmed the end of their channels: so it has all their bytes.
    func checkDrained() {
        let counters = (forwards + retired).map(\.counters) + [jumps.counters]
        let hasRelays = counters.contains { $0.values.active > 0 }
        guard machine.state == .draining, !hasRelays, pool.hasClosedChannels else { return }
        perform(machine.drained())
    }

    // MARK: - State

    /// The one place that all changes of state pass.
    private func noticeChange() {
        let state = machine.publicState
        guard state != lastState else { return }
        let old = lastState
        lastState = state
        since = .now()
        log(old, state)
        record(state)
        if state == .up {
            for forward in forwards { forward.gatewayCameUp() }
            if machine.server > 0 { beginFailback() }
        }
        if old == .up {
            endFailback()
            for forward in forwards { forward.gatewayWentDown() }
        }
        report(state == .up ? nil : trouble)
        stateDidChange()
        if state == .backingOff, forwards.contains(where: { $0.listener?.hasWaiting == true }) { demandSoon() }
    }

    /// The steps of an attempt are no events: what became of it is.
    private func record(_ state: GatewayState) {
        switch state {
        case .resolving, .connecting, .verifyingHost, .authenticating:
            break
        case .up, .backingOff, .parked, .draining, .stopped:
            let (from, cause) = (lastEvent, machine.waiting?.cause)
            lastEvent = state
            record(GatewayEvent(at: .now(), from: from.rawValue, to: state.rawValue, cause: cause))
        }
    }

    func record(_ event: GatewayEvent) {
        history.append(event)
    }

    /// Clients still wait. Not from inside the actions that led here.
    private func demandSoon() {
        loop.assumeIsolated().execute { [weak self] in self?.demand() }
    }

    private func log(_ old: GatewayState, _ new: GatewayState) {
        let message = "\(old.rawValue) -> \(new.rawValue)"
        guard let (until, cause) = machine.waiting else {
            let level: Logger.Level = new == .up || old == .up ? .notice : .debug
            return logger.log(level: level, "\(message)", metadata: address.map { [LogKey.address: "\($0)"] })
        }
        let seconds = (until - .now).inSeconds
        let metadata: Logger.Metadata = [
            LogKey.reason: "\(cause.reason.rawValue)",
            LogKey.retryIn: "\(seconds < 1 ? (seconds * 10).rounded() / 10 : seconds.rounded())s",
        ]
        logger.log(level: new == .parked ? .error : .notice, "\(message): \(cause)", metadata: metadata)
    }

    var status: GatewayStatus {
        let waiting = machine.waiting
        return GatewayStatus(
            name: configuration.name, host: server.host, port: server.port, user: server.login.user,
            hosts: configuration.fallbacks.isEmpty ? [] : ([configuration] + configuration.fallbacks).map(\.host),
            state: machine.publicState, cause: waiting?.cause, since: since,
            nextRetry: waiting.map { Timestamp.now().advanced(by: $0.until - .now) },
            lastError: lastError, address: address, route: server.route.text,
            credentials: pool.primary?.credentialStatuses ?? credentials, session: pool.primary?.status,
            sessions: pool.sessionCount,
            failures: failures, connects: connects, channelOpen: pool.openDurations,
            forwards: forwards.map(\.status))
    }
}

extension GatewayDriver: ChannelSource {
    var isUp: Bool { machine.isUp }

    var mayComeUp: Bool {
        switch machine.publicState {
        case .resolving, .connecting, .verifyingHost, .authenticating, .up, .backingOff: true
        case .stopped, .draining, .parked: false
        }
    }

    func demand() {
        perform(machine.demand(now: .now))
    }

    func open(
        _ target: FarEnd, originator: SocketAddress?,
        completion: @escaping (Result<OpenedChannel, Cause>) -> Void
    ) -> OpenScheduler.Ticket {
        pool.open(target, originator: originator, completion: completion)
    }

    func withdraw(_ ticket: OpenScheduler.Ticket) -> Bool {
        pool.withdraw(ticket)
    }
}

@available(*, unavailable)
extension GatewayDriver: Sendable {}
