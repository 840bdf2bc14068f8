import FwdCore
import NIOCore

/// From here to a connection with the server: name, credentials, TCP.
extension GatewayExamination {
    enum Reached {
        case loggedIn(WalkedSession)
        /// A login was tried, or could not be.
        case refused
        case unreachable
    }

    private static let way: [DoctorStep.Name] = [.dns, .tcp, .banner, .keyExchange, .hostKey, .login]

    func walk(to server: GatewayConfiguration) async -> Reached {
        var jump: WalkedSession?
        if case .via(let name) = server.route {
            jump = await self.jump(name)
            guard jump != nil else {
                skip(Self.way, of: server.name, "the jump \(name) could not be logged in to")
                return .unreachable
            }
        }
        let credentials = PendingAnswer<Result<LoginParameters, any Error>>(loop, within: Policy.credentials)
        credentials.settle(with: LoginLoader.load(server, on: loop))
        guard let addresses = await resolve(server) else {
            skip(Array(Self.way.dropFirst()), of: server.name, "the name is not resolved")
            return .unreachable
        }
        guard let login = await login(server, credentials) else { return .refused }
        guard let link = await connect(server, addresses, jump) else {
            skip(Array(Self.way.dropFirst(2)), of: server.name, "not connected")
            return .unreachable
        }
        return await converse(server, over: link, login)
    }

    private func resolve(_ server: GatewayConfiguration) async -> [SocketAddress]? {
        switch server.route {
        case .via(let jump): return unresolved(server, "\(server.hostName) is resolved by \(jump)")
        case .command: return unresolved(server, "the proxy command finds the server")
        case .direct: break
        }
        guard let limit = time(Policy.step) else {
            tell(DoctorStep(.dns, of: server.name, .skipped, Self.noTime))
            return nil
        }
        let answer = PendingAnswer<Result<[SocketAddress], any Error>>(loop, within: limit)
        answer.settle(with: links.resolve(server))
        switch await value(of: answer) {
        case .success(let addresses):
            let list = addresses.compactMap(\.ipAddress).joined(separator: ", ")
            let text = list == server.hostName ? list : "\(server.hostName): \(list)"
            tell(DoctorStep(.dns, of: server.name, .ok, text, took: answer.duration))
            return addresses
        case .failure(let error): failed(.dns, server, Cause(of: error), took: answer.duration)
        case nil:
            let cause = Cause(.dns, "cannot resolve \(server.hostName): no answer within \(limit.inWholeSeconds) s")
            failed(.dns, server, cause, took: answer.duration)
        }
        return nil
    }

    private func unresolved(_ server: GatewayConfiguration, _ why: String) -> [SocketAddress] {
        tell(DoctorStep(.dns, of: server.name, .skipped, why))
        return []
    }

    /// Without anything to log in with there is no connection either: it would count against this machine.
    private func login(
        _ server: GatewayConfiguration, _ answer: PendingAnswer<Result<LoginParameters, any Error>>
    ) async -> LoginParameters? {
        let cause: Cause
        var details: [String] = []
        switch await value(of: answer) {
        case .success(let login): return login
        case .failure(let error as NothingToLogInWith):
            cause = error.cause
            details = error.unusable.map(\.line)
        case .failure(let error): cause = Cause(of: error)
        case nil: cause = Cause(.identity, "the files to log in with could not be read in time")
        }
        skip([.tcp, .banner, .keyExchange, .hostKey], of: server.name, "not connected to: nobody could log in")
        failed(.login, server, cause, details: details, took: answer.duration)
        return nil
    }

    func failed(
        _ step: DoctorStep.Name, _ server: GatewayConfiguration, _ cause: Cause, details: [String] = [],
        took duration: Duration
    ) {
        tell(
            DoctorStep(
                step, of: server.name, .failed, cause.message, details: details, took: duration, cause: cause))
    }

    // MARK: - The connection

    private func connect(
        _ server: GatewayConfiguration, _ addresses: [SocketAddress], _ jump: WalkedSession?
    ) async -> Link? {
        guard let limit = time(Policy.step) else {
            tell(DoctorStep(.tcp, of: server.name, .skipped, Self.noTime))
            return nil
        }
        if case .direct = server.route { return await connect(server, addresses, within: limit) }
        let answer = PendingAnswer<Result<Link, any Error>>(loop, within: limit)
        let take = { (result: Result<Link, any Error>) in Self.settle(answer, result) }
        if let jump {
            connect(server, through: jump, take)
        } else {
            links.make(server, addresses: [], completion: take)
        }
        switch await value(of: answer) {
        case .success(let link):
            let text = jump.map { "\(server.endpoint) through \($0.server.name)" } ?? "the proxy command runs"
            tell(DoctorStep(.tcp, of: server.name, .ok, text, took: answer.duration))
            return link
        case .failure(let error): failed(.tcp, server, Cause(of: error), took: answer.duration)
        case nil:
            let cause = Cause(.connect, "\(server.endpoint) did not answer within \(limit.inWholeSeconds) s")
            failed(.tcp, server, cause, took: answer.duration)
        }
        return nil
    }

    /// One address after the other, so that each can be told of; the first that answers is the connection.
    private func connect(
        _ server: GatewayConfiguration, _ addresses: [SocketAddress], within limit: Duration
    ) async -> Link? {
        let start = ContinuousClock.now
        var failures: [String] = []
        var attempt = server
        for (index, address) in addresses.enumerated() {
            let left = limit - (ContinuousClock.now - start)
            attempt.connectTimeout = max(left / (addresses.count - index), .milliseconds(100))
            let answer = PendingAnswer<Result<Link, any Error>>(loop, within: attempt.connectTimeout * 2)
            links.make(attempt, addresses: [address]) { Self.settle(answer, $0) }
            if case .success(let link) = await value(of: answer) {
                let step = DoctorStep(
                    .tcp, of: server.name, .ok, describe(address), details: failures,
                    took: ContinuousClock.now - start)
                tell(step)
                return link
            }
            failures.append(Self.failure(answer.value, at: address))
        }
        let cause = Cause(.connect, "cannot connect: \(failures.joined(separator: ", "))")
        failed(.tcp, server, cause, took: ContinuousClock.now - start)
        return nil
    }

    private static func failure(_ result: Result<Link, any Error>?, at address: SocketAddress) -> String {
        guard case .failure(let error) = result else { return "no answer in time by \(describe(address))" }
        let text = Cause(of: error).message
        let reason = text.hasPrefix("cannot connect: ") ? String(text.dropFirst(16)) : text
        return reason.contains(describe(address)) ? reason : "\(reason) by \(describe(address))"
    }

    private func connect(
        _ server: GatewayConfiguration, through jump: WalkedSession,
        _ completion: @escaping (Result<Link, any Error>) -> Void
    ) {
        carrier.connect(to: .host(server.endpoint), channels: jump) { [loop] result in
            switch result {
            case .success(let socket):
                ConnectedSocket.adopt(socket, on: loop).assumeIsolated().whenComplete {
                    completion($0.map { Link(channel: $0, address: nil, proxy: nil) })
                }
            case .failure(let cause):
                completion(
                    .failure(Cause(cause.reason, cause.failureClass, "through \(jump.server.name): \(cause)")))
            }
        }
    }

    private static func settle(_ answer: PendingAnswer<Result<Link, any Error>>, _ result: Result<Link, any Error>) {
        let isLate = !answer.settle(result)
        if isLate, case .success(let link) = result { link.channel.close(promise: nil) }
    }
}

extension GatewayConfiguration {
    var endpoint: ForwardSpec.Endpoint { ForwardSpec.Endpoint(host: hostName, port: port) }
}

extension Cause {
    init(of error: any Error) {
        self = error as? Cause ?? Cause(.internal, .bug, describe(error))
    }
}

extension CredentialStatus {
    var line: String { "\(credential): \(outcome.rawValue)" + (reason.map { " (\($0))" } ?? "") }
}

extension Duration {
    /// At least one.
    var inWholeSeconds: Int { max(1, Int(inSeconds.rounded())) }
}
