import FwdCore
import LibSSH2
import Logging
import NIOCore

/// The sessions of one gateway: the first one, and overflow sessions while opens would wait too long. Runs an
/// `OpenScheduler`. Loop-bound.
///
/// When the first session dies, overflow sessions take no more opens but keep carrying their relays.
final class SessionPool {
    /// Our choices.
    enum Policy {
        /// What an open may wait for a free slot while none to its target is answered; its own deadline starts after that.
        static let queueDeadline = Duration.seconds(10)
        /// After a failed overflow login, the next one not before this.
        static let spawnRetry = Duration.seconds(5)
        /// Opens that the first session gives up before it is replaced, once it carries nothing.
        static let primaryAbandonLimit = 64
        /// An overflow session without relays is closed after this time.
        static let idleLimit = TimeAmount.seconds(30)
    }

    private struct OpenRequest {
        let target: FarEnd
        let originator: SocketAddress?
        let since: ContinuousClock.Instant
        let timer: LoopTimer
        let completion: (Result<OpenedChannel, Cause>) -> Void
    }

    private let loop: any EventLoop
    private let logger: Logger
    weak var driver: GatewayDriver?

    private(set) var primary: SSHSession?
    private var overflow: [SSHSession.ID: SSHSession] = [:]
    /// Logs in at a better server while the first session serves.
    private var candidate: (session: SSHSession, completion: (Cause?) -> Void)?
    /// Sessions that were the first one and only finish what they carry.
    private var retiring: Set<SSHSession.ID> = []
    private var idleTimers: [SSHSession.ID: LoopTimer] = [:]
    private var lastID = 0
    private var scheduler = OpenScheduler(
        slots: LibSSH2Library.opensInParallel ? OpenScheduler.Policy.parallelSlots : 1)
    private let schedulerTimer: LoopTimer
    private var requests: [OpenScheduler.Ticket: OpenRequest] = [:]
    private var lastTicket = 0
    private let windowBudget = WindowBudget()
    private(set) var openDurations = DurationHistogram()
    /// The targets of `requests`.
    private var waiting = WaitingTargets<FarEnd>()

    init(loop: any EventLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
        schedulerTimer = LoopTimer(loop)
    }

    var sessionCount: Int { overflow.count + (primary?.phase == .ready ? 1 : 0) }

    /// Whether the far side has confirmed the end of all channels that were given up.
    var hasClosedChannels: Bool {
        (overflow.values + [primary].compactMap { $0 }).allSatisfy { $0.closing.isEmpty }
    }

    // MARK: - Sessions

    func startPrimary(on channel: any Channel, login: LoginParameters) throws(LibSSH2Error) {
        let session = try makeSession(on: channel, login: login, isOverflow: false)
        primary = session
        session.start()
    }

    private func makeSession(
        on channel: any Channel, login: LoginParameters, isOverflow: Bool
    ) throws(LibSSH2Error) -> SSHSession {
        lastID += 1
        let session = try SSHSession(
            id: lastID, isOverflow: isOverflow, channel: channel, login: login, logger: logger, delegate: self)
        session.windowBudget = windowBudget
        return session
    }

    /// The gateway is down: opens that wait are answered, overflow sessions only finish what they carry.
    func dropPrimary() {
        primary?.close()
        primary = nil
        scheduler.reset()
        schedulerTimer.cancel()
        waiting = WaitingTargets()
        let failed = requests
        requests = [:]
        for (ticket, request) in failed {
            // One that stayed in the queue would take the next session's slot, and nobody would end it.
            _ = scheduler.withdraw(ticket)
            request.timer.cancel()
            request.completion(.failure(Cause(.lost, "the session ended")))
        }
        for session in overflow.values where session.phase != .ready || session.isIdle { end(session) }
    }

    func closeAll() {
        dropPrimary()
        for session in overflow.values { end(session) }
    }

    /// The path may have changed.
    func doubtLife() {
        for session in overflow.values + [primary].compactMap({ $0 }) { session.doubtLife() }
    }

    private func end(_ session: SSHSession) {
        overflow[session.id] = nil
        retiring.remove(session.id)
        idleTimers.removeValue(forKey: session.id)?.cancel()
        scheduler.sessionGone(session.id)
        session.close()
    }

    private func session(_ id: SSHSession.ID) -> SSHSession? {
        primary?.id == id ? primary : overflow[id]
    }

    // MARK: - Fail-back

    /// Logs in beside the first session; reports once whether that worked. Nothing is opened on it until `promote`.
    func startCandidate(
        on channel: any Channel, login: LoginParameters, completion: @escaping (Cause?) -> Void
    ) throws(LibSSH2Error) {
        let session = try makeSession(on: channel, login: login, isOverflow: false)
        candidate = (session, completion)
        session.start()
    }

    func dropCandidate() {
        candidate?.session.close()
        candidate = nil
    }

    /// The candidate becomes the first session. The one that was carries its relays to their end, as an overflow session
    /// that takes no more opens.
    private func promoteCandidate(_ session: SSHSession) {
        let completion = candidate?.completion
        candidate = nil
        if let old = primary {
            scheduler.sessionGone(old.id)
            retiring.insert(old.id)
            overflow[old.id] = old
            primary = session
            completion?(nil)
            if old.isIdle { sessionBecameIdle(old) }
        } else {
            primary = session
            completion?(nil)
        }
        perform(scheduler.sessionReady(session.id, isOverflow: false, now: .now))
    }

    /// One more login, by the same route and to the address in use.
    private func spawn() {
        guard let driver, let primary, primary.phase == .ready, overflow.count < OpenScheduler.Policy.maximumSpread
        else { return perform(scheduler.spawnFailed(now: .now, retryAfter: Policy.spawnRetry)) }
        let login = primary.login
        logger.debug("opening an overflow session")
        let addresses = [primary.channel.remoteAddress].compactMap { $0 }
        driver.links.make(driver.server, addresses: addresses) { [weak self] result in
            guard let self, self.primary === primary else {
                if case .success(let link) = result { link.channel.close(promise: nil) }
                return
            }
            guard case .success(let link) = result else {
                return perform(scheduler.spawnFailed(now: .now, retryAfter: Policy.spawnRetry))
            }
            startOverflow(on: link.channel, login: login)
        }
    }

    private func startOverflow(on channel: any Channel, login: LoginParameters) {
        do throws(LibSSH2Error) {
            let session = try makeSession(on: channel, login: login, isOverflow: true)
            overflow[session.id] = session
            session.start()
        } catch {
            channel.close(promise: nil)
            perform(scheduler.spawnFailed(now: .now, retryAfter: Policy.spawnRetry))
        }
    }

    // MARK: - Opens

    func open(
        _ target: FarEnd, originator: SocketAddress?,
        completion: @escaping (Result<OpenedChannel, Cause>) -> Void
    ) -> OpenScheduler.Ticket {
        lastTicket += 1
        let ticket = lastTicket
        let timer = LoopTimer(loop)
        requests[ticket] = OpenRequest(
            target: target, originator: originator, since: .now, timer: timer, completion: completion)
        waiting.enter(target)
        setQueueDeadline(ticket, timer, since: .now)
        perform(scheduler.enqueue(ticket, target: target.description, now: .now))
        return ticket
    }

    func withdraw(_ ticket: OpenScheduler.Ticket) -> Bool {
        guard scheduler.withdraw(ticket) else { return false }
        takeRequest(ticket)?.timer.cancel()
        return true
    }

    /// It does not wait any more.
    private func takeRequest(_ ticket: OpenScheduler.Ticket) -> OpenRequest? {
        guard let request = requests.removeValue(forKey: ticket) else { return nil }
        waiting.leave(request.target)
        return request
    }

    private func setQueueDeadline(
        _ ticket: OpenScheduler.Ticket, _ timer: LoopTimer, since start: ContinuousClock.Instant
    ) {
        timer.set(in: TimeAmount(clamping: start + Policy.queueDeadline - .now)) { [weak self] in
            self?.queueDeadlinePassed(ticket)
        }
    }

    private func queueDeadlinePassed(_ ticket: OpenScheduler.Ticket) {
        // A crowd is not a target that hangs: while its opens are answered, those behind wait for their turn.
        if let request = requests[ticket], let last = waiting.lastAnswer(of: request.target),
            .now - last < Policy.queueDeadline
        {
            return setQueueDeadline(ticket, request.timer, since: last)
        }
        guard scheduler.withdraw(ticket), let request = takeRequest(ticket) else { return }
        let seconds = Int(Policy.queueDeadline.inSeconds)
        request.completion(
            .failure(Cause(.timeout, "\(request.target): earlier opens did not end within \(seconds) s")))
    }

    private func perform(_ actions: [OpenScheduler.Action]) {
        for action in actions {
            switch action {
            case .open(let ticket, let id): open(ticket, on: id)
            case .spawnSession: spawn()
            case .setTimer(let instant):
                schedulerTimer.set(in: TimeAmount(clamping: instant - .now)) { [weak self] in
                    guard let self else { return }
                    perform(scheduler.tick(now: .now))
                }
            }
        }
    }

    private func open(_ ticket: OpenScheduler.Ticket, on id: SSHSession.ID) {
        guard let request = takeRequest(ticket), let session = session(id) else { return }
        request.timer.cancel()
        idleTimers.removeValue(forKey: id)?.cancel()
        session.open(request.target, originator: request.originator) { [weak self, unowned session] result in
            self?.finished(ticket, request, on: session, result)
        }
    }

    private func finished(
        _ ticket: OpenScheduler.Ticket, _ request: OpenRequest, on session: SSHSession,
        _ result: Result<SSHChannel, Cause>
    ) {
        var isTimeout = false
        switch result {
        case .success: openDurations.record(ContinuousClock.now - request.since)
        case .failure(let cause): isTimeout = cause.reason == .timeout
        }
        if !isTimeout { waiting.answered(request.target, now: .now) }
        request.completion(result.map { OpenedChannel(channel: $0, session: session) })
        guard session.phase == .ready else { return }
        let isLast = session.isOverflow && session.isWornOut
        perform(scheduler.finished(ticket, on: session.id, isTimeout: isTimeout, isLast: isLast, now: .now))
        session.reportIfIdle()
    }
}

extension SSHSession: Identifiable {}

extension SessionPool: SSHSessionDelegate {
    func sessionReadVersion(_ session: SSHSession) {}

    func sessionVerifiedHost(_ session: SSHSession) {
        if session === primary { driver?.primaryVerifiedHost() }
    }

    func sessionIsReady(_ session: SSHSession) {
        if session === candidate?.session { return promoteCandidate(session) }
        perform(scheduler.sessionReady(session.id, isOverflow: session.isOverflow, now: .now))
        if session === primary { driver?.primaryIsReady() }
        if session.isOverflow, session.isIdle { sessionBecameIdle(session) }
    }

    func sessionMeasuredRoundTrip(_ session: SSHSession) {
        guard session === primary, let roundTrip = session.roundTrip else { return }
        scheduler.roundTrip = roundTrip
    }

    func sessionChangedLoad(_ session: SSHSession) {
        scheduler.carries(session.load, on: session.id)
    }

    func sessionClosedChannels(_ session: SSHSession) {
        driver?.checkDrained()
    }

    func sessionBecameIdle(_ session: SSHSession) {
        if session === primary, session.ssh.abandonedOpens >= Policy.primaryAbandonLimit {
            loop.assumeIsolated().execute { [weak self] in self?.driver?.replaceWornOutSession() }
        }
        guard overflow[session.id] != nil, idleTimers[session.id] == nil else { return }
        let timer = LoopTimer(loop)
        idleTimers[session.id] = timer
        // At once where it can get no more work: worn out, or left over from before a reconnect.
        let isUseless = session.isWornOut || primary == nil || retiring.contains(session.id)
        timer.set(in: isUseless ? .zero : Policy.idleLimit) { [weak self, weak session] in
            guard let self, let session else { return }
            idleTimers[session.id] = nil
            if session.isIdle { end(session) }
        }
    }

    func sessionIsEnding(_ session: SSHSession, _ cause: Cause) {
        if session === primary { driver?.primaryIsEnding(cause) }
    }

    func sessionEnded(_ session: SSHSession, _ cause: Cause) {
        if let (failed, completion) = candidate, failed === session {
            candidate = nil
            return completion(cause)
        }
        retiring.remove(session.id)
        scheduler.sessionGone(session.id)
        if session === primary {
            primary = nil
            driver?.primaryEnded(session, cause)
        } else if overflow.removeValue(forKey: session.id) != nil {
            idleTimers.removeValue(forKey: session.id)?.cancel()
            logger.info("an overflow session ended: \(cause)")
            if session.wasReady { return perform(scheduler.tick(now: .now)) }
            // A login that the server refuses is not repeated in haste.
            let isRefused = cause.failureClass == .needsOperator
            let retryAfter = isRefused ? GatewayStateMachine.Policy.parkedRetry : Policy.spawnRetry
            perform(scheduler.spawnFailed(now: .now, retryAfter: retryAfter))
        }
    }
}

@available(*, unavailable)
extension SessionPool: Sendable {}
