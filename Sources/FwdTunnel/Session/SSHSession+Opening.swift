import FwdCore
import LibSSH2
import NIOCore

/// A channel open under way, or the one behind it, on the session's one slot.
struct Opening {
    enum Purpose {
        case ping
        case channel(to: FarEnd, originator: SocketAddress?, (Result<SSHChannel, Cause>) -> Void)
    }

    let purpose: Purpose
}

/// One of several opens under way.
final class ParallelOpening {
    let target: FarEnd
    let channel: ChannelOpening
    let timer: LoopTimer
    let completion: (Result<SSHChannel, Cause>) -> Void

    init(
        target: FarEnd, channel: ChannelOpening, timer: LoopTimer,
        completion: @escaping (Result<SSHChannel, Cause>) -> Void
    ) {
        self.target = target
        self.channel = channel
        self.timer = timer
        self.completion = completion
    }
}

extension SSHSession {
    /// Opens a channel to something at the far side. The gateway's scheduler sees to it that there are not too many at once.
    func open(
        _ target: FarEnd, originator: SocketAddress?,
        completion: @escaping (Result<SSHChannel, Cause>) -> Void
    ) {
        if LibSSH2Library.opensInParallel { return openBesideOthers(target, originator: originator, completion) }
        precondition(queuedOpening == nil, "one open at a time per session")
        queuedOpening = Opening(purpose: .channel(to: target, originator: originator, completion))
        startNextOpening()
        pump()
    }

    /// Whether so many opens were given up that the session should take no more.
    var isWornOut: Bool { ssh.abandonedOpens >= Policy.abandonLimit }

    func startPingOpening() {
        guard opening == nil else { return }
        ssh.startOpeningPing()
        opening = Opening(purpose: .ping)
    }

    private func startNextOpening() {
        guard opening == nil, let next = queuedOpening else { return }
        guard case .channel(let target, let originator, _) = next.purpose else { return }
        queuedOpening = nil
        opening = next
        ssh.startOpening(target.channelTarget(for: originator))
        openTimer.set(in: openDeadline) { [weak self] in self?.abandonOpening() }
    }

    func pollOpening() throws(LibSSH2Error) {
        while opening != nil {
            let result: Result<SSHChannel, LibSSH2Error>
            do throws(LibSSH2Error) {
                guard case .done(let channel) = try ssh.pollOpen() else { return }
                result = .success(channel)
            } catch {
                guard error.code == .channelFailure else { throw error }
                result = .failure(error)
            }
            finishOpening(result)
        }
    }

    private func finishOpening(_ result: Result<SSHChannel, LibSSH2Error>) {
        guard let finished = opening else { return }
        openTimer.cancel()
        explain(input: Policy.inputPerEvent)
        opening = nil
        startNextOpening()
        switch finished.purpose {
        case .ping:
            if case .success(let channel) = result { retire(channel) }
            finishPing()
        case .channel(let target, _, let completion):
            completion(result.mapError { refusal(of: target, $0) })
        }
    }

    // MARK: - Several at once

    private func openBesideOthers(
        _ target: FarEnd, originator: SocketAddress?,
        _ completion: @escaping (Result<SSHChannel, Cause>) -> Void
    ) {
        do throws(LibSSH2Error) {
            let channel = try ssh.open(target.channelTarget(for: originator))
            let opening = ParallelOpening(
                target: target, channel: channel, timer: LoopTimer(self.channel.eventLoop), completion: completion)
            parallelOpenings.append(opening)
            opening.timer.set(in: openDeadline) { [weak self, unowned opening] in self?.abandon(opening) }
            scheduleFlush()
        } catch {
            completion(.failure(cause(of: error)))
        }
    }

    func pollParallelOpenings() throws(LibSSH2Error) {
        guard !parallelOpenings.isEmpty else { return }
        var ended: [(ParallelOpening, Result<SSHChannel, LibSSH2Error>)] = []
        var open: [ParallelOpening] = []
        for opening in parallelOpenings {
            do throws(LibSSH2Error) {
                if case .done(let channel) = try opening.channel.poll() {
                    ended.append((opening, .success(channel)))
                } else {
                    open.append(opening)
                }
            } catch {
                guard error.code == .channelFailure else { throw error }
                ended.append((opening, .failure(error)))
            }
        }
        parallelOpenings = open
        for (opening, result) in ended {
            opening.timer.cancel()
            explain(input: Policy.inputPerEvent)
            // What the one before was told may have ended the session.
            let settled =
                phase == .ready
                ? result.mapError { refusal(of: opening.target, $0) } : .failure(Cause(.lost, "the session ended"))
            opening.completion(settled)
        }
    }

    private func abandon(_ opening: ParallelOpening) {
        guard phase == .ready else { return }
        parallelOpenings.removeAll { $0 === opening }
        opening.channel.abandon()
        opening.completion(.failure(unanswered(opening.target)))
        pump()
    }

    private func unanswered(_ target: FarEnd) -> Cause {
        let seconds = openDeadline.nanoseconds / 1_000_000_000
        return Cause(.timeout, "\(target) did not answer the gateway within \(seconds) s")
    }

    // MARK: - Refusals

    /// A stock libssh2 has only its own words for the reason code (RFC 4254 section 5.1); sshd's text is lost.
    private func refusal(of target: FarEnd, _ error: LibSSH2Error) -> Cause {
        if case .tunnel(let unit) = target { return tunnelRefusal(unit) }
        let text = error.message
        let what = "\(target) cannot be reached from the gateway"
        if error.isProhibited || text.contains("administratively prohibited") {
            return Cause(.forbidden, "\(what): forbidden by the server (\(target.permission))")
        }
        let own = "Channel open failure ("
        let isOwn = text.hasPrefix(own) && text.hasSuffix(")")
        let words = printable(isOwn ? String(text.dropFirst(own.count).dropLast()) : text)
        return Cause(.target, "\(what): \(words)\(target.refusalNote)")
    }

    /// sshd gives the same reason for all of its refusals, and remarks what it really is (serverloop.c,
    /// server_request_tun).
    private func tunnelRefusal(_ unit: UInt32?) -> Cause {
        let isForbidden = ssh.takeDebugMessages().contains { $0.contains("rejected tunnel device") }
        return isForbidden
            ? Cause(.forbidden, .needsOperator, NetworkText.notPermitted)
            : Cause(.target, NetworkText.notOpened(unit: unit))
    }

    private func abandonOpening() {
        guard phase == .ready, case .channel(let target, _, let completion) = opening?.purpose else { return }
        do throws(LibSSH2Error) {
            let late = try ssh.abandonOpen()
            if let late { return finishOpening(.success(late)) }
            if ssh.isOpening {
                // Too young for libssh2, which counts whole seconds (it waited for a rekey).
                return openTimer.set(in: .seconds(1)) { [weak self] in self?.abandonOpening() }
            }
        } catch {
            guard error.code == .channelFailure else { return fail(cause(of: error)) }
            return finishOpening(.failure(error))
        }
        opening = nil
        startNextOpening()
        completion(.failure(unanswered(target)))
        pump()
    }

    func failOpenings(_ cause: Cause) {
        let failed = [opening, queuedOpening].compactMap { $0 }
        let parallel = parallelOpenings
        opening = nil
        queuedOpening = nil
        parallelOpenings = []
        for opening in parallel {
            opening.timer.cancel()
            opening.channel.abandon()
            opening.completion(.failure(cause))
        }
        for opening in failed {
            if case .channel(_, _, let completion) = opening.purpose { completion(.failure(cause)) }
        }
    }
}
