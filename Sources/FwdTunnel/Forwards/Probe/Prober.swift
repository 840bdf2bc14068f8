import FwdCore
import NIOCore

/// Probes one forward while it is up: runs a `ProbeStateMachine`. Loop-bound; its forward owns it.
final class Prober {
    private let forward: ForwardConfiguration
    private let loop: any EventLoop
    private let source: ProbeSource
    /// Told after every verdict: why the probe failed, or that it succeeded.
    private let report: (Cause?) -> Void
    private var machine: ProbeStateMachine
    private let timer: LoopTimer
    private var attempt: ProbeAttempt?
    private var isReady = false
    private var boundPort: UInt16?
    private(set) var status: ProbeStatus?

    init(
        _ probe: Probe, of forward: ForwardConfiguration, loop: any EventLoop, source: ProbeSource,
        report: @escaping (Cause?) -> Void
    ) {
        self.forward = forward
        self.loop = loop
        self.source = source
        self.report = report
        machine = ProbeStateMachine(probe)
        timer = LoopTimer(loop)
    }

    /// - Parameter port: where the forward listens, if that is a port.
    func readinessChanged(_ isReady: Bool, port: UInt16?) {
        self.isReady = isReady
        boundPort = port
        perform(!isReady ? machine.unready() : machine.ready(now: .now, jitter: Double.random(in: 0..<1)))
    }

    func retry() {
        perform(machine.retry(now: .now))
    }

    func connectionSucceeded() {
        let (isProof, actions) = machine.connectionSucceeded(now: .now)
        perform(actions)
        if isProof, status?.isSuccess != true { conclude(.init(), took: .zero) }
    }

    func connectionFailed() {
        perform(machine.connectionFailed(now: .now))
    }

    private func perform(_ actions: [ProbeStateMachine.Action]) {
        for action in actions {
            switch action {
            case .start(let number): start(number)
            case .abort:
                attempt?.cancel()
                attempt = nil
            case .setTimer(let instant):
                timer.set(in: TimeAmount(clamping: instant - .now)) { [weak self] in
                    guard let self else { return }
                    perform(machine.timerFired(now: .now))
                }
            case .cancelTimer: timer.cancel()
            }
        }
    }

    private func start(_ number: Int) {
        guard isReady else { return }
        let start = ContinuousClock.now
        let attempt = ProbeAttempt(machine.probe, of: forward, boundPort: boundPort, loop: loop, source: source)
        self.attempt = attempt
        attempt.run { [weak self] in self?.finished(number, $0, took: .now - start) }
    }

    private func finished(_ number: Int, _ outcome: ProbeAttempt.Outcome, took duration: Duration) {
        attempt = nil
        if outcome.isUndecided {
            // The session has ended; the next one is asked anew.
            return perform(machine.failed(number, isTimeout: false, now: .now))
        }
        conclude(outcome, took: duration)
        let actions =
            outcome.failure == nil
            ? machine.succeeded(number, now: .now)
            : machine.failed(number, isTimeout: outcome.isTimeout, now: .now)
        perform(actions)
    }

    private func conclude(_ outcome: ProbeAttempt.Outcome, took duration: Duration) {
        status = ProbeStatus(
            at: .now(), isSuccess: outcome.failure == nil, durationSeconds: duration.inSeconds,
            message: outcome.failure ?? outcome.note)
        report(outcome.failure.map { Cause(.probe, "the probe failed: \($0)") })
    }
}

@available(*, unavailable)
extension Prober: Sendable {}
