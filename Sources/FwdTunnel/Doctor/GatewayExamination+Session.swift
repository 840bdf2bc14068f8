import FwdCore
import LibSSH2
import NIOCore

/// From a connection to a login: banner, key exchange, host key, credentials.
extension GatewayExamination {
    private static let talk: [DoctorStep.Name] = [.banner, .keyExchange, .hostKey, .login]

    func converse(_ server: GatewayConfiguration, over link: Link, _ login: LoginParameters) async -> Reached {
        let watch = SessionWatch()
        do throws(LibSSH2Error) {
            let session = try SSHSession(
                id: 0, isOverflow: false, channel: link.channel, login: login, logger: logger, delegate: watch)
            let walked = WalkedSession(server, session: session, watch: watch, link: link)
            sessions.append(walked)
            session.openDeadline = TimeAmount(clamping: Policy.step)
            session.start()
            return await follow(walked)
        } catch {
            link.channel.close(promise: nil)
            failed(.banner, server, Cause(.internal, .bug, error.description), took: .zero)
            return .unreachable
        }
    }

    /// Takes the session's reports as the ends of the steps.
    private func follow(_ walked: WalkedSession) async -> Reached {
        var (step, start) = (DoctorStep.Name.banner, ContinuousClock.now)
        while true {
            guard let limit = time(step == .login ? Policy.login : Policy.step) else {
                return stop(walked, at: step, nil, took: .zero)
            }
            let report: SessionWatch.Report? = await value(within: limit) { walked.watch.next($0) }
            guard let (event, instant) = report else {
                return stop(walked, at: step, silence(walked, at: step, limit), took: limit)
            }
            let duration = instant - start
            start = instant
            switch event {
            case .version:
                ok(.banner, walked, walked.version, took: duration)
                step = .keyExchange
            case .hostVerified:
                verified(walked, took: duration)
                step = .login
            case .ready:
                ok(.login, walked, walked.identity, details: walked.credentials, took: duration)
                return .loggedIn(walked)
            case .ended(let cause):
                return await ended(walked, at: step, cause, took: duration)
            }
        }
    }

    private func ok(
        _ step: DoctorStep.Name, _ walked: WalkedSession, _ finding: String, details: [String] = [],
        took duration: Duration
    ) {
        tell(DoctorStep(step, of: walked.server.name, .ok, finding, details: details, took: duration))
    }

    private func verified(_ walked: WalkedSession, took duration: Duration) {
        ok(.keyExchange, walked, walked.algorithms, took: duration)
        guard let key = walked.session.hostKey else { return }
        ok(.hostKey, walked, "\(key.pin) (\(key.source))", took: .zero)
    }

    // MARK: - Failures

    private func silence(_ walked: WalkedSession, at step: DoctorStep.Name, _ limit: Duration) -> Cause {
        let seconds = limit.inWholeSeconds
        return switch step {
        case .banner:
            Cause(.timeout, "the server accepted the connection and said nothing within \(seconds) s")
        case .login: walked.session.loginTimeout(after: seconds)
        default: Cause(.timeout, "the server did not finish the key exchange within \(seconds) s")
        }
    }

    private func ended(
        _ walked: WalkedSession, at step: DoctorStep.Name, _ cause: Cause, took duration: Duration
    ) async -> Reached {
        var step = step
        if step == .banner, !walked.session.ssh.serverVersion.isEmpty {
            // It came with what ended the session.
            ok(.banner, walked, walked.version, took: duration)
            step = .keyExchange
        }
        if cause.reason == .hostKey, step == .keyExchange {
            let wasExchanged = walked.session.ssh.hostKey != nil
            if wasExchanged { ok(.keyExchange, walked, walked.algorithms, took: duration) }
            if !wasExchanged { skip([.keyExchange], of: walked.server.name, "no host key that both sides take") }
            step = .hostKey
        }
        return stop(walked, at: step, await told(by: walked.link.proxy) ?? cause, took: duration)
    }

    /// A proxy command that has failed knows more than the session does.
    func told(by proxy: ProxyProcess?) async -> Cause? {
        guard let proxy else { return nil }
        let end: String? = await value(within: Policy.farewell) { done in
            let done = NIOLoopBound(done, eventLoop: loop)
            proxy.whenEnded { [loop] end in loop.execute { done.value(end) } }
        }
        return end.map { Cause(.connect, "the proxy command \($0)") }
    }

    /// - Parameter cause: `nil`: there was no time left.
    private func stop(
        _ walked: WalkedSession, at step: DoctorStep.Name, _ cause: Cause?, took duration: Duration
    ) -> Reached {
        let server = walked.server
        let details = step == .login ? walked.credentials : []
        walked.session.close()
        if let cause {
            failed(step, server, cause, details: details, took: duration)
        } else {
            skip([step], of: server.name, Self.noTime)
        }
        let rest = Self.talk.drop { $0 != step }.dropFirst()
        let why = step == .hostKey ? "nothing is sent to a server that is not trusted" : "no session"
        skip(Array(rest), of: server.name, why)
        return step == .login ? .refused : .unreachable
    }
}

extension WalkedSession {
    fileprivate var version: String { printable(session.ssh.serverVersion) }

    fileprivate var algorithms: String {
        let methods = session.ssh.negotiated
        return [methods.keyExchange, methods.hostKey, methods.cipherOut].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// Who is logged in, and as what.
    fileprivate var identity: String { "\(session.login.user) with \(session.credential?.name ?? "")" }

    /// Where there is more to tell than one that was accepted.
    fileprivate var credentials: [String] {
        let statuses = session.credentialStatuses
        return statuses.count > 1 || statuses.first?.outcome != .accepted ? statuses.map(\.line) : []
    }
}
