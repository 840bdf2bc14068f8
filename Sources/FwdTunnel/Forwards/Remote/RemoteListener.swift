import FwdCore
import LibSSH2
import Logging
import NIOCore
import NIOPosix

/// `-R`: listens at the far side while the gateway is up, and connects to the target from here. Loop-bound.
final class RemoteListener: ForwardListener {
    /// What connecting to the target may take, the same as for -L at the far side.
    private static let connectDeadline = TimeAmount.seconds(10)

    private let listen: ForwardSpec.ListenAddress
    private let target: ForwardSpec.Destination
    private let loop: any EventLoop
    private unowned let forward: Forward
    /// The gateway's first session, while it is up.
    private let session: () -> SSHSession?
    private let source: ProbeSource
    private let budget: ConnectionBudget
    private let admission: Admission
    private let limits: RelayLimits
    private var listening: (RemoteListening, on: SSHSession)?
    /// When the last session ended that held the port and could not give it back.
    private var lostAt: ContinuousClock.Instant?
    private var refused: RefusedListen?
    /// Whether this is the second request, after a refusal whose port was found to be free.
    private var isAskingAgain = false
    private var relays = RelayRegistry()
    private var generation = 0

    init(
        forward: Forward, listen: ForwardSpec.ListenAddress, target: ForwardSpec.Destination, loop: any EventLoop,
        source: ProbeSource, budget: ConnectionBudget,
        session: @escaping () -> SSHSession?
    ) {
        self.forward = forward
        self.listen = listen
        self.target = target
        self.budget = budget
        admission = Admission(forward)
        limits = RelayLimits(forward.configuration.limits, loop: loop)
        self.loop = loop
        self.source = source
        self.session = session
    }

    func open(completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        guard let session = session() else { return }
        generation += 1
        let current = generation
        session.listen(
            ListenRequest(
                listen: listen,
                onConnection: { [weak self, weak session] far in
                    guard let session else { return }
                    guard let self else { return session.retire(far) }
                    accept(far, on: session)
                },
                completion: { [weak self, weak session] result in
                    guard let session else { return }
                    guard let self, generation == current else {
                        if case .success(let late) = result { session.stopListening(late) }
                        return
                    }
                    answered(result, on: session, completion)
                }))
    }

    private func answered(
        _ result: Result<RemoteListening, Cause>, on session: SSHSession,
        _ completion: @escaping (Result<UInt16?, Cause>) -> Void
    ) {
        switch result {
        case .success(let listening):
            self.listening = (listening, session)
            lostAt = nil
            isAskingAgain = false
            completion(.success(listening.listener.port))
        case .failure(let cause) where cause.reason == .remoteListen:
            let current = generation
            let refused = RefusedListen(listen, lostAt: lostAt, loop: loop, source: source)
            self.refused = refused
            refused.explain(cause) { [weak self] explained in
                guard let self, generation == current else { return }
                explain(explained, completion)
            }
        case .failure(let cause):
            completion(.failure(cause))
        }
    }

    /// A port that was free when it was looked at may have been given up since the refusal: by a session that ended
    /// just then. Before that parks the forward, the server is asked once more.
    private func explain(_ cause: Cause, _ completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        if cause.failureClass == .needsOperator, !isAskingAgain {
            isAskingAgain = true
            return open(completion: completion)
        }
        isAskingAgain = false
        completion(.failure(cause))
    }

    func close() {
        isAskingAgain = false
        generation += 1
        refused?.cancel()
        refused = nil
        guard let (listening, session) = listening else { return }
        if session.phase == .ready { session.stopListening(listening) } else { lostAt = .now }
        self.listening = nil
    }

    func gatewayCameUp() {}

    func abort() {
        relays.stopAll()
    }

    /// The far side accepts only while there is a session.
    var hasWaiting: Bool { false }

    // MARK: - Connections

    private func accept(_ far: SSHChannel, on session: SSHSession) {
        guard admission.admitsRemotePeer() else { return session.retire(far) }
        guard budget.take() else { return refuseForLackOfPlace(far, session) }
        forward.counters.began()
        ClientBootstrap(group: loop)
            .connectTimeout(Self.connectDeadline)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(to: target)
            .assumeIsolated()
            .whenComplete { [weak self, forward, budget, limits, target] result in
                switch result {
                case .success(let near):
                    // The place goes with the descriptor.
                    near.closeFuture.whenComplete { _ in budget.give() }
                    Self.glue(near, far, session, forward, limits, target, self)
                case .failure(let error):
                    budget.give()
                    Self.refuse(far, session, forward, target, error)
                }
            }
    }

    private func refuseForLackOfPlace(_ far: SSHChannel, _ session: SSHSession) {
        session.retire(far)
        forward.counters.refused(.overLimit)
        forward.connectionFailed(
            Cause(.limit, "a connection was refused: the limit of file descriptors leaves \(budget.limit), all in use"))
    }

    private static func glue(
        _ near: any Channel, _ far: SSHChannel, _ session: SSHSession, _ forward: Forward, _ limits: RelayLimits,
        _ target: ForwardSpec.Destination, _ listener: RemoteListener?
    ) {
        guard session.phase == .ready else {
            near.reset()
            return forward.counters.ended(.sessionLost)
        }
        let handler = RelayHandler()
        do {
            try near.configureAsNear()
            try near.pipeline.syncOperations.addHandler(handler)
        } catch {
            near.close(promise: nil)
            return refuse(far, session, forward, target, error)
        }
        let relay = Relay(
            near: near, handler: handler, far: far, session: session, counters: forward.counters, limits: limits)
        listener?.relays.insert(relay)
        forward.connectionSucceeded()
        relay.start()
    }

    private static func refuse(
        _ far: SSHChannel, _ session: SSHSession, _ forward: Forward, _ target: ForwardSpec.Destination,
        _ error: any Error
    ) {
        session.retire(far)
        forward.connectionFailed(Cause(.target, "\(target) cannot be reached from here: \(describe(error))"))
        forward.counters.ended(.refused)
    }
}
