import FwdCore
import LibSSH2
import NIOCore

/// Asking the server for signs of life, by the method that leaves nothing behind in libssh2: a request that every server
/// refuses (an `env` on the permanent channel; without one, opening a channel of an unknown type).
extension SSHSession {
    func startLiveness() {
        loginTimer.cancel()
        liveness = LivenessStateMachine(login.liveness, now: .now)
        lookForLife()
    }

    /// The path may have changed: the server must answer soon.
    func doubtLife() {
        guard phase == .ready, var machine = liveness else { return }
        let actions = machine.doubt(now: .now)
        liveness = machine
        perform(actions)
    }

    private func lookForLife() {
        guard phase == .ready, var machine = liveness else { return }
        let info = machine.isAsking ? TransportInfo.of(channel) : nil
        let actions = machine.timerFired(
            now: .now, acknowledged: info?.acknowledgedBytes, at: info?.acknowledgedAt ?? .now)
        liveness = machine
        perform(actions)
    }

    private func perform(_ actions: [LivenessStateMachine.Action]) {
        for action in actions where phase == .ready {
            switch action {
            case .ask: ask()
            case .setTimer(let instant):
                pingTimer.set(in: TimeAmount(clamping: instant - .now)) { [weak self] in self?.lookForLife() }
            case .giveUp(let silence):
                fail(Cause(.timeout, "no sign of life for \(Int(silence.inSeconds)) s"))
            }
        }
    }

    private func ask() {
        if control != nil {
            isPinging = true
        } else if opening == nil {
            startPingOpening()
        } else if case .channel? = opening?.purpose {
            // Its answer depends on the target; the socket's own timeout is the floor meanwhile.
            return
        }
        pump()
        liveness?.asked(offset: outputCount + UInt64(transport.outboundBytes), now: .now)
    }

    func pollPing() throws(LibSSH2Error) {
        guard isPinging, let control else { return }
        if case .done = try control.ping() { finishPing() }
    }

    func finishPing() {
        isPinging = false
        explain(input: Policy.inputPerEvent)
        guard let answer = liveness?.answered(now: .now) else { return }
        roundTrip = answer
        pathRoundTrip = TransportInfo.of(channel)?.shortestRoundTrip ?? min(answer, pathRoundTrip ?? answer)
        delegate?.sessionMeasuredRoundTrip(self)
    }
}
