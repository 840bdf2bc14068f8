import FwdCore
import NIOCore
import NIOPosix

/// What forwards lead to: looked for from the server for -L, from here for -R.
extension GatewayExamination {
    private typealias Finding = Result<Void, Cause>
    typealias Search = TargetOpens.Search

    /// All are looked for at once.
    /// - Returns: beside `forwards`; `nil` where it cannot be looked for.
    func look(for forwards: [ForwardConfiguration], over walked: WalkedSession?) -> [Search?] {
        guard let limit = time(Policy.step), let rest = time(.seconds(60)) else { return forwards.map { _ in nil } }
        walked?.session.openDeadline = TimeAmount(clamping: max(limit, .seconds(1)))
        let opens = walked.map { TargetOpens(over: $0) }
        let searches = forwards.map { forward -> Search? in
            guard let target = forward.probedTarget else { return nil }
            if forward.spec.kind == .remote { return lookFromHere(for: target, within: limit) }
            guard let opens else { return nil }
            // The session's own deadline comes first, unless opens wait for one another.
            let search = Search(loop, within: rest + .milliseconds(500))
            opens.add(.destination(target), search)
            return search
        }
        opens?.start()
        return searches
    }

    private func lookFromHere(for target: ForwardSpec.Destination, within limit: Duration) -> Search? {
        if case .host(let endpoint) = target, endpoint.port == Self.sshPort { return nil }
        let search = Search(loop, within: limit + .milliseconds(500))
        connect(to: target, within: limit) { search.settle($0) }
        return search
    }

    /// A connection there that does not log in counts against who made it.
    private static let sshPort: UInt16 = 22

    func target(of forward: ForwardConfiguration, _ gateway: String, _ search: Search?) async {
        guard let target = forward.probedTarget else { return noTarget(of: forward, gateway) }
        guard let search else {
            let reason = forward.spec.kind == .remote ? "not connected to without a login" : "not logged in"
            let why = time(Policy.step) == nil ? Self.noTime : reason
            return skip([.target], of: gateway, forward: forward.name, why)
        }
        let place = forward.spec.kind == .remote ? "here" : "the server"
        switch await value(of: search) {
        case .success:
            tell(.target, forward, gateway, nil, ok: "\(target) answers \(place)", took: search.duration)
        case .failure(let cause): tell(.target, forward, gateway, cause, ok: "", took: search.duration)
        case nil: skip([.target], of: gateway, forward: forward.name, Self.noTime)
        }
    }

    private func noTarget(of forward: ForwardConfiguration, _ gateway: String) {
        guard forward.spec.target == .asked else { return }
        tell(
            .target, forward, gateway, nil, ok: "clients choose, nothing was asked for (probe: {to: …} names a target)",
            took: .zero)
    }

    private func connect(
        to target: ForwardSpec.Destination, within limit: Duration, _ completion: @escaping (Finding) -> Void
    ) {
        ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(clamping: limit))
            .connect(to: target)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    channel.close(promise: nil)
                    completion(.success(()))
                case .failure(let error):
                    let what = "\(target) cannot be reached from here: \(describe(error))"
                    completion(.failure(Cause(.target, what)))
                }
            }
    }
}
