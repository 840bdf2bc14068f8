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
        _ target: ForwardSpec.Endpoint, originator: SocketAddress?,
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
/// queued --has its place--> holding --gateway up--> opening --confirmed--> (relay)
///    |                          |  `hold` over          |  refused, deadline
///    v                          v                       v
///  closed                     closed                  closed
/// ```
final class LocalConnection: NearConnectionOwner {
    private enum State {
        case queued
        case holding
        case opening(OpenScheduler.Ticket)
        case settled
    }

    /// Sessions that may die under one open before its client is told.
    private static let maximumAttempts = 5

    private let near: any Channel
    private let handler: RelayHandler
    private let forward: Forward
    private let channels: any ChannelSource
    private let limits: RelayLimits
    private let whenSettled: (LocalConnection, Relay?) -> Void
    private let holdTimer: LoopTimer
    private var state = State.queued
    private var attempts = 0
    /// Bytes that came although nothing was read: NIO reads what is left when the client has closed its side.
    private var early: [ByteBuffer] = []
    private var hasEnded = false

    init(
        near: any Channel, handler: RelayHandler, forward: Forward, channels: any ChannelSource,
        limits: RelayLimits, whenSettled: @escaping (LocalConnection, Relay?) -> Void
    ) {
        self.near = near
        self.handler = handler
        self.forward = forward
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
        state = .holding
        if channels.isUp { return open() }
        guard channels.mayComeUp else { return settle(.holdExpired) }
        holdTimer.set(in: TimeAmount(clamping: forward.configuration.hold)) { [weak self] in
            self?.settle(.holdExpired)
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
        holdTimer.cancel()
        // The completion may come before `open` returns; the ticket then must not overwrite the state.
        state = .opening(-1)
        let ticket = channels.open(forward.configuration.spec.target, originator: near.remoteAddress) { [self] result in
            opened(result)
        }
        if case .opening = state { state = .opening(ticket) }
    }

    private func opened(_ result: Result<OpenedChannel, Cause>) {
        switch (result, state) {
        case (.success(let opened), .opening):
            becomeRelay(opened)
        case (.success(let opened), .queued), (.success(let opened), .holding), (.success(let opened), .settled):
            opened.session.retire(opened.channel)
        case (.failure(let cause), .opening):
            failed(cause)
        case (.failure, .queued), (.failure, .holding), (.failure, .settled):
            break
        }
    }

    private func failed(_ cause: Cause) {
        switch cause.reason {
        case .target, .forbidden:
            forward.connectionFailed(cause)
            settle(.refused)
        case .timeout:
            forward.connectionFailed(cause)
            settle(.openTimeout)
        default:
            // The session died before the channel was there, so nothing of the stream is lost: take another one.
            attempts += 1
            guard channels.mayComeUp, attempts < Self.maximumAttempts else { return settle(.sessionLost) }
            if channels.isUp { return open() }
            state = .holding
            holdTimer.set(in: TimeAmount(clamping: forward.configuration.hold)) { [weak self] in
                self?.settle(.holdExpired)
            }
            channels.demand()
        }
    }

    private func becomeRelay(_ opened: OpenedChannel) {
        state = .settled
        forward.connectionSucceeded()
        let relay = Relay(
            near: near, handler: handler, far: opened.channel, session: opened.session, counters: forward.counters,
            limits: limits)
        whenSettled(self, relay)
        relay.start(early: early, hasEnded: hasEnded)
    }

    /// The connection ends here, with a reset: the client must not take this for an answer of the target.
    private func settle(_ result: RelayResult) {
        if case .settled = state { return }
        if case .opening(let ticket) = state { _ = channels.withdraw(ticket) }
        state = .settled
        holdTimer.cancel()
        handler.owner = nil
        near.reset()
        forward.counters.ended(result)
        whenSettled(self, nil)
    }

    // MARK: - Events of the near connection

    func nearBecameActive() {}
    func nearReceived(_ bytes: ByteBuffer) { early.append(bytes) }
    func nearReadCompleted() {}
    func nearEnded() { hasEnded = true }
    func nearBecameWritable() {}
    func nearFailed() { settle(.localReset) }
    func nearClosed() { settle(.localReset) }
}

@available(*, unavailable)
extension LocalConnection: Sendable {}
