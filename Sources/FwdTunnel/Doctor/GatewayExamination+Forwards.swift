import FwdCore
import LibSSH2
import NIOCore
import NIOPosix

/// The two ends of each forward: where it listens, and what it leads to.
extension GatewayExamination {
    /// - Parameter walked: `nil`: nobody could log in, so only what is here is looked at.
    func examine(_ forwards: [ForwardConfiguration], of gateway: String, over walked: WalkedSession?) async {
        let searches = look(for: forwards, over: walked)
        for (forward, search) in zip(forwards, searches) {
            switch (forward.spec.kind, forward.spec.listen) {
            case (.remote, .port(let listen)): await remoteListener(forward, listen, gateway, walked)
            case (_, .port), (_, .socket): await localListener(forward, gateway)
            case (_, .device(let link)):
                device(forward, link, gateway)
                await tunnel(forward, link, gateway, walked)
            case (_, .redirect(let rule)): await redirection(forward, rule, gateway)
            }
            await target(of: forward, gateway, search)
        }
    }

    /// Only where the supervisor has the same forward.
    func held(_ forward: ForwardConfiguration) -> ForwardStatus? {
        supervised?.forwards.first {
            $0.name == forward.name && $0.spec == forward.spec.description && $0.state != .disabled
        }
    }

    func tell(
        _ step: DoctorStep.Name, _ forward: ForwardConfiguration, _ gateway: String, _ cause: Cause?, ok: String,
        details: [String] = [], took duration: Duration
    ) {
        tell(
            DoctorStep(
                step, of: gateway, forward: forward.name, cause == nil ? .ok : .failed, cause?.message ?? ok,
                details: details, took: duration, cause: cause))
    }

    // MARK: - Listeners here

    private func localListener(_ forward: ForwardConfiguration, _ gateway: String) async {
        if let status = held(forward) { return await heldHere(forward, gateway, status) }
        guard let limit = time(Policy.step) else {
            return skip([.listener], of: gateway, forward: forward.name, Self.noTime)
        }
        let listen = forward.spec.listen
        let answer = PendingAnswer<Result<Cause?, any Error>>(loop, within: limit)
        answer.settle(
            with: BlockingPool.shared.runIfActive(eventLoop: loop) { LocalPort.problem(with: listen) })
        let late = Cause(.bind, "cannot listen on \(listen): the name is not resolved")
        let cause: Cause? = if case .success(let problem) = await value(of: answer) { problem } else { late }
        let details = cause == nil ? [] : await holder(of: listen)
        tell(
            .listener, forward, gateway, cause, ok: "\(listen) is free here", details: details, took: answer.duration)
    }

    private func heldHere(_ forward: ForwardConfiguration, _ gateway: String, _ status: ForwardStatus) async {
        let cause = status.cause.flatMap { $0.reason == .bind ? $0 : nil }
        let details = cause == nil ? [] : await holder(of: forward.spec.listen)
        let text = "\(forward.spec.listen) is held by the supervisor"
        tell(.listener, forward, gateway, cause, ok: text, details: details, took: .zero)
    }

    private func holder(of listen: ForwardSpec.Listen) async -> [String] {
        guard let port = listen.port, let limit = time(Policy.step) else { return [] }
        let answer = PendingAnswer<Result<String?, any Error>>(loop, within: limit)
        answer.settle(with: BlockingPool.shared.runIfActive(eventLoop: loop) { PortHolder.name(port) })
        guard case .success(let holder?) = await value(of: answer) else { return [] }
        return ["\(holder) listens there"]
    }

    // MARK: - Listeners at the server

    private func remoteListener(
        _ forward: ForwardConfiguration, _ listen: ForwardSpec.ListenAddress, _ gateway: String,
        _ walked: WalkedSession?
    ) async {
        // The supervisor's session has the port, or has been refused it: asking again would disturb it, or be refused.
        if supervised?.state == .up, let status = held(forward) { return heldThere(forward, listen, gateway, status) }
        guard let walked, walked.isUp else {
            return skip([.listener], of: gateway, forward: forward.name, "not logged in")
        }
        guard let limit = time(Policy.step) else {
            return skip([.listener], of: gateway, forward: forward.name, Self.noTime)
        }
        let answer = PendingAnswer<Result<UInt16, Cause>>(loop, within: limit)
        ask(walked, for: listen) { answer.settle($0) }
        switch await value(of: answer) {
        case .success(let port):
            let place = ForwardSpec.ListenAddress(address: listen.address, port: port)
            tell(.listener, forward, gateway, nil, ok: Self.listened(on: place), took: answer.duration)
        case .failure(let cause):
            let cause = await explained(cause, listen, walked)
            tell(.listener, forward, gateway, cause, ok: "", took: answer.duration)
        case nil:
            let cause = Cause(.timeout, "the server did not answer a request to listen on \(listen)")
            tell(.listener, forward, gateway, cause, ok: "", took: answer.duration)
        }
    }

    private func heldThere(
        _ forward: ForwardConfiguration, _ listen: ForwardSpec.ListenAddress, _ gateway: String,
        _ status: ForwardStatus
    ) {
        let reasons: [Cause.Reason] = [.remoteListen, .portInUse, .stalePort, .timeout]
        let cause = status.cause.flatMap { reasons.contains($0.reason) ? $0 : nil }
        let place = ForwardSpec.ListenAddress(address: listen.address, port: status.boundPort ?? listen.port)
        let text = "the supervisor's session listens on \(place) at the server"
        tell(.listener, forward, gateway, cause, ok: text, took: .zero)
    }

    /// sshd grants the wish, binds loopback, and does not say so.
    private static func listened(on listen: ForwardSpec.ListenAddress) -> String {
        let text = "the server listened on \(listen), and was told to stop"
        return listen.isBeyondLoopback
            ? "\(text); without \"GatewayPorts clientspecified\" it is for itself alone" : text
    }

    private func ask(
        _ walked: WalkedSession, for listen: ForwardSpec.ListenAddress,
        _ completion: @escaping (Result<UInt16, Cause>) -> Void
    ) {
        let session = walked.session
        session.listen(
            ListenRequest(
                listen: listen, onConnection: { [weak session] in session?.retire($0) },
                completion: { [weak session] result in
                    if case .success(let listening) = result { session?.stopListening(listening) }
                    completion(result.map(\.listener.port))
                }))
    }

    private func explained(
        _ cause: Cause, _ listen: ForwardSpec.ListenAddress, _ walked: WalkedSession
    ) async -> Cause {
        guard cause.reason == .remoteListen, let limit = time(Policy.step) else { return cause }
        let question = RefusedListen(
            listen, lostAt: nil, loop: loop, source: ProbeSource(channels: walked, host: carrier))
        let answer = await value(within: limit) { question.explain(cause, completion: $0) }
        if answer == nil { question.cancel() }
        return answer ?? cause
    }
}
