import FwdCore
import NIOCore
import NIOPosix

/// One probe of one forward, from its listener's side to its target. Loop-bound.
///
/// -L: a channel to the target, and a word with it where the probe asks for one. -R: the same from the far side to its
/// own listening port, so that the way back is covered; where the server does not allow that, the target alone is asked,
/// from here.
final class ProbeAttempt {
    struct Outcome {
        /// One sentence; `nil`: it succeeded.
        var failure: String?
        var isTimeout = false
        /// The session ended under it: that says nothing about the forward.
        var isUndecided = false
        /// What it did not cover.
        var note: String?
    }

    private let probe: Probe
    private let forward: ForwardConfiguration
    private let boundPort: UInt16?
    private let loop: any EventLoop
    private let source: ProbeSource
    private let timer: LoopTimer
    private var ticket: OpenScheduler.Ticket?
    private var conversation: (any Channel)?
    private var completion: ((Outcome) -> Void)?

    init(
        _ probe: Probe, of forward: ForwardConfiguration, boundPort: UInt16?, loop: any EventLoop, source: ProbeSource
    ) {
        self.probe = probe
        self.forward = forward
        self.boundPort = boundPort
        self.loop = loop
        self.source = source
        timer = LoopTimer(loop)
    }

    /// Calls `completion` once, unless `cancel` comes first.
    func run(completion: @escaping (Outcome) -> Void) {
        self.completion = completion
        timer.set(in: TimeAmount(clamping: probe.timeout)) { [weak self] in
            guard let self else { return }
            finish(Outcome(failure: "no answer within \(probe.timeout)", isTimeout: true))
        }
        if let network = source.network { return askPeers(over: network) }
        guard let place else { return finish(Outcome()) }
        switch (place, probe.method) {
        case (.target(let target), .connect): openChannel(to: target)
        case (.listener(let listener), .connect): connectFromHere { [self] in openChannel(to: listener) }
        case (.target(let end), .expect), (.target(let end), .http), (.listener(let end), .expect),
            (.listener(let end), .http):
            converse(with: end)
        }
    }

    /// No open waits for an answer meanwhile, so silence is no reason to ask less often.
    private func askPeers(over network: NetworkListener) {
        timer.set(in: TimeAmount(clamping: probe.timeout)) { [weak self, weak network] in
            guard let self else { return }
            finish(Outcome(failure: NetworkText.silent(network?.echo.silentPeers ?? "")))
        }
        network.askPeers { [weak self] in self?.finish(Outcome()) }
    }

    /// What the far side is asked for.
    private enum Place {
        case target(FarEnd)
        /// Its own listening port, which leads back to here.
        case listener(FarEnd)
    }

    private var place: Place? {
        switch (forward.spec.listen, forward.spec.kind) {
        case (.port(let listen), .remote):
            let port = boundPort ?? listen.port
            return .listener(.host(ForwardSpec.ListenAddress(address: listen.address, port: port).asSeenThere))
        default: return forward.probedTarget.map { .target(.destination($0)) }
        }
    }

    func cancel() {
        completion = nil
        cleanUp()
    }

    private func finish(_ outcome: Outcome) {
        guard let completion = completion.take() else { return }
        cleanUp()
        completion(outcome)
    }

    private func cleanUp() {
        timer.cancel()
        if let ticket { _ = source.channels?.withdraw(ticket) }
        source.network?.echo.cancel()
        conversation?.close(promise: nil)
        conversation = nil
    }

    // MARK: - A connection

    private func openChannel(to target: FarEnd) {
        guard let channels = source.channels else { return finish(Outcome(isUndecided: true)) }
        var hasAnswered = false
        let ticket = channels.open(target, originator: nil) { [self] result in
            hasAnswered = true
            self.ticket = nil
            switch result {
            case .success(let opened):
                opened.session.retire(opened.channel)
                finish(Outcome())
            case .failure(let cause):
                failed(cause)
            }
        }
        if !hasAnswered { self.ticket = ticket }
    }

    private func failed(_ cause: Cause) {
        switch cause.reason {
        case .forbidden where forward.spec.kind == .remote:
            connectFromHere { [self] in
                finish(Outcome(note: "the target answers; the server does not let the way through its port be asked"))
            }
        case .lost, .requested: finish(Outcome(isUndecided: true))
        default: finish(Outcome(failure: cause.message, isTimeout: cause.reason == .timeout))
        }
    }

    private func connectFromHere(_ next: @escaping () -> Void) {
        guard let target = forward.spec.destination else { return finish(Outcome(isUndecided: true)) }
        ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(clamping: probe.timeout))
            .connect(to: target)
            .assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .success(let channel):
                    channel.close(promise: nil)
                    if completion != nil { next() }
                case .failure(let error):
                    finish(Outcome(failure: "\(target) cannot be reached from here: \(describe(error))"))
                }
            }
    }

    // MARK: - A conversation

    private func converse(with target: FarEnd) {
        guard let channels = source.channels else { return finish(Outcome(isUndecided: true)) }
        source.host.connect(to: target, channels: channels) { [self] result in
            switch result {
            case .success(let socket): talk(over: socket)
            case .failure(let cause): failed(cause)
            }
        }
    }

    private func talk(over socket: ConnectedSocket.Handle) {
        guard completion != nil else { return ConnectedSocket.close(socket) }
        let answer: (String?) -> Void = { [weak self] in self?.finish(Outcome(failure: $0)) }
        let conversation = ProbeConversation(probe.method, host: forward.probedTarget?.description ?? "", answer)
        ClientBootstrap(group: loop)
            .adding(on: loop) { try conversation.addHandlers(to: $0) }
            .withConnectedSocket(socket)
            .assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .success(let channel) where completion == nil: channel.close(promise: nil)
                case .success(let channel): self.conversation = channel
                case .failure(let error): finish(Outcome(failure: describe(error)))
                }
            }
    }
}

@available(*, unavailable)
extension ProbeAttempt: Sendable {}
