import FwdCore
import LibSSH2
import NIOCore

/// A channel open under way, or the one behind it.
struct Opening {
    enum Purpose {
        case ping
        case directTCPIP(
            target: ForwardSpec.Endpoint, originator: SocketAddress?, (Result<SSHChannel, Cause>) -> Void)
    }

    let purpose: Purpose
}

extension SSHSession {
    /// Opens a direct-tcpip channel. One at a time: the gateway's scheduler sees to that.
    func open(
        _ target: ForwardSpec.Endpoint, originator: SocketAddress?,
        completion: @escaping (Result<SSHChannel, Cause>) -> Void
    ) {
        precondition(queuedOpening == nil, "one open at a time per session")
        queuedOpening = Opening(purpose: .directTCPIP(target: target, originator: originator, completion))
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
        guard case .directTCPIP(let target, let originator, _) = next.purpose else { return }
        queuedOpening = nil
        opening = next
        ssh.startOpeningDirectTCPIP(
            host: target.host, port: target.port, originator: originator?.ipAddress ?? "127.0.0.1",
            originatorPort: UInt16(clamping: originator?.port ?? 0))
        openTimer.set(in: Policy.openDeadline) { [weak self] in self?.abandonOpening() }
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
        case .directTCPIP(let target, _, let completion):
            completion(result.mapError { refusal(of: target, $0) })
        }
    }

    /// libssh2 has only its own words for the reason code (RFC 4254 section 5.1); sshd's text is lost.
    private func refusal(of target: ForwardSpec.Endpoint, _ error: LibSSH2Error) -> Cause {
        let text = error.message
        let what = "\(target) cannot be reached from the gateway"
        if text.contains("administratively prohibited") {
            return Cause(
                .forbidden, "\(what): forbidden by the server (AllowTcpForwarding, PermitOpen or permitopen)")
        }
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else {
            return Cause(.target, "\(what): \(text)")
        }
        return Cause(.target, "\(what): \(text[text.index(after: open)..<close])")
    }

    private func abandonOpening() {
        guard phase == .ready, case .directTCPIP(let target, _, let completion) = opening?.purpose else { return }
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
        let seconds = Policy.openDeadline.nanoseconds / 1_000_000_000
        completion(.failure(Cause(.timeout, "\(target) did not answer the gateway within \(seconds) s")))
        pump()
    }

    func failOpenings(_ cause: Cause) {
        let failed = [opening, queuedOpening].compactMap { $0 }
        opening = nil
        queuedOpening = nil
        for opening in failed {
            if case .directTCPIP(_, _, let completion) = opening.purpose { completion(.failure(cause)) }
        }
    }
}
