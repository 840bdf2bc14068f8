import FwdCore

/// Turns what a session reports into a sequence that can be waited for, event by event. Loop-bound.
final class SessionWatch: SSHSessionDelegate {
    enum Event {
        /// The server has identified itself.
        case version
        case hostVerified
        case ready
        case ended(Cause)
    }

    /// An event, and when it was.
    typealias Report = (event: Event, at: ContinuousClock.Instant)

    private var reports: [Report] = []
    private var waiter: ((Report) -> Void)?

    /// Calls `body` with the next event; at once if it has happened already. One at a time.
    func next(_ body: @escaping (Report) -> Void) {
        if reports.isEmpty { waiter = body } else { body(reports.removeFirst()) }
    }

    private func tell(_ event: Event) {
        let report = (event, ContinuousClock.now)
        if let waiter = waiter.take() { waiter(report) } else { reports.append(report) }
    }

    func sessionReadVersion(_ session: SSHSession) { tell(.version) }
    func sessionVerifiedHost(_ session: SSHSession) { tell(.hostVerified) }
    func sessionIsReady(_ session: SSHSession) { tell(.ready) }
    func sessionEnded(_ session: SSHSession, _ cause: Cause) { tell(.ended(cause)) }
    func sessionMeasuredRoundTrip(_ session: SSHSession) {}
    func sessionClosedChannels(_ session: SSHSession) {}
    func sessionChangedLoad(_ session: SSHSession) {}
    func sessionBecameIdle(_ session: SSHSession) {}
    func sessionIsEnding(_ session: SSHSession, _ cause: Cause) {}
}

@available(*, unavailable)
extension SessionWatch: Sendable {}
