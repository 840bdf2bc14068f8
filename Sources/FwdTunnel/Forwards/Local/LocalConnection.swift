import FwdCore
import LibSSH2
import NIOCore

/// Where forwards get channels from: the gateway.
protocol ChannelSource: AnyObject {
    /// Whether a connection may wait: the gateway is up, or on its way there.
    var mayComeUp: Bool { get }
    var isUp: Bool { get }
    /// A connection waits: the next attempt may be brought forward.
    func demand()
    /// Opens a channel on one of the gateway's sessions; answers once.
    /// - Returns: a ticket for `withdraw`.
    func open(
        _ target: FarEnd, originator: SocketAddress?,
        completion: @escaping (Result<OpenedChannel, Cause>) -> Void
    ) -> OpenScheduler.Ticket
    /// The open is no longer wanted. `false`: it is under way, and its completion will come.
    func withdraw(_ ticket: OpenScheduler.Ticket) -> Bool
}

struct OpenedChannel {
    let channel: SSHChannel
    let session: SSHSession
}

/// An accepted connection on its way to becoming a relay. Loop-bound; its listener holds it until it is settled.
///
/// ```
/// queued --has its place--> asking --destination--> holding --gateway up--> opening --confirmed--> (relay)
///    |                         |  none                |  `hold` over          |  refused, deadline
///    v                         v                      v                       v
///  closed                    closed                 closed                  closed
/// ```
final class LocalConnection: NearConnectionOwner {
    private enum State {
        case queued
        case asking
        case holding
        case opening(OpenScheduler.Ticket)
        case settled
    }

    private static let isAway = Cause(.lost, "the gateway is not connected")
    /// Sessions that may die under one open before its client is told.
    private static let maximumAttempts = 5

    private let near: any Channel
    private let handler: RelayHandler
    private let forward: Forward
    private let intake: any ConnectionIntake
    private let channels: any ChannelSource
    private let limits: RelayLimits
    private let whenSettled: (LocalConnection, Relay?) -> Void
    private let holdTimer: LoopTimer
    private var state = State.queued
    private var attempts = 0
    private var destination: ForwardSpec.Destination?
    private var hasEnded = false

    init(
        near: any Channel, handler: RelayHandler, forward: Forward, intake: any ConnectionIntake,
        channels: any ChannelSource, limits: RelayLimits, whenSettled: @escaping (LocalConnection, Relay?) -> Void
    ) {
        self.near = near
        self.handler = handler
        self.forward = forward
        self.intake = intake
        self.channels = channels
        self.limits = limits
        self.whenSettled = whenSettled
        holdTimer = LoopTimer(near.eventLoop)
        handler.owner = self
        forward.counters.began()
    }

    /// It has its place among what the process carries.
    func start() {
        guard case .queued = state else { return }
        state = .asking
        intake.findDestination(of: near) { [weak self] result in
            guard let self, case .asking = state else { return }
            switch result {
            case .success(let destination): hold(for: destination)
            case .failure(let failure):
                if failure.isTrouble { forward.connectionFailed(failure.cause) }
                settle(failure.result, failure.cause)
            }
        }
        readRequest()
    }

    /// As long as the client has not said where it wants to go to.
    private func readRequest() {
        if case .asking = state { near.read() }
    }

    private func hold(for destination: ForwardSpec.Destination) {
        self.destination = destination
        state = .holding
        if channels.isUp { return open() }
        guard channels.mayComeUp else { return settle(.holdExpired, Self.isAway) }
        holdTimer.set(in: TimeAmount(clamping: forward.configuration.hold)) { [weak self] in
            self?.settle(.holdExpired, Self.isAway)
        }
        channels.demand()
    }

    func gatewayCameUp() {
        if case .holding = state { open() }
    }

    /// The forward was stopped.
    func stop() {
        settle(.stopped)
    }

    private func open() {
        guard let destination else { return }
        holdTimer.cancel()
        // The completion may come before `open` returns; the ticket then must not overwrite the state.
        state = .opening(-1)
        let ticket = channels.open(.destination(destination), originator: near.remoteAddress) { [self] result in
            opened(result)
        }
        if case .opening = state { state = .opening(ticket) }
    }

    private func opened(_ result: Result<OpenedChannel, Cause>) {
        switch (result, state) {
        case (.success(let opened), .opening):
            becomeRelay(opened)
        case (.success(let opened), .queued), (.success(let opened), .asking), (.success(let opened), .holding),
            (.success(let opened), .settled):
            opened.session.retire(opened.channel)
        case (.failure(let cause), .opening):
            failed(cause)
        case (.failure, .queued), (.failure, .asking), (.failure, .holding), (.failure, .settled):
            break
        }
    }

    private func failed(_ cause: Cause) {
        switch cause.reason {
        case .target, .forbidden:
            forward.connectionFailed(cause)
            settle(.refused, cause)
        case .timeout:
            forward.connectionFailed(cause)
            settle(.openTimeout, cause)
        default:
            // The session died before the channel was there, so nothing of the stream is lost: take another one.
            attempts += 1
            guard channels.mayComeUp, attempts < Self.maximumAttempts else { return settle(.sessionLost, cause) }
            if channels.isUp { return open() }
            state = .holding
            holdTimer.set(in: TimeAmount(clamping: forward.configuration.hold)) { [weak self] in
                self?.settle(.holdExpired, Self.isAway)
            }
            channels.demand()
        }
    }

    private func becomeRelay(_ opened: OpenedChannel) {
        state = .settled
        forward.connectionSucceeded()
        intake.opened(near)
        let relay = Relay(
            near: near, handler: handler, far: opened.channel, session: opened.session, counters: forward.counters,
            limits: limits)
        whenSettled(self, relay)
        relay.start(early: intake.leftover, hasEnded: hasEnded)
    }

    /// The connection ends here: with words of its own protocol, or with a reset, because the client must not take this
    /// for an answer of the target.
    private func settle(_ result: RelayResult, _ cause: Cause? = nil) {
        if case .settled = state { return }
        if case .opening(let ticket) = state { _ = channels.withdraw(ticket) }
        state = .settled
        holdTimer.cancel()
        intake.dismissed()
        handler.owner = nil
        if let cause, intake.failed(near, cause) { Farewell(near).start(on: handler) } else { near.reset() }
        forward.counters.ended(result)
        whenSettled(self, nil)
    }

    // MARK: - Events of the near connection

    func nearBecameActive() { readRequest() }
    func nearReceived(_ bytes: ByteBuffer) { intake.received(bytes) }
    func nearReadCompleted() { readRequest() }
    func nearEnded() {
        hasEnded = true
        // What it asks for, it never will have said.
        if case .asking = state { settle(.badRequest) }
    }
    func nearBecameWritable() {}
    func nearFailed() { settle(.localReset) }
    func nearClosed() { settle(.localReset) }
}

@available(*, unavailable)
extension LocalConnection: Sendable {}
