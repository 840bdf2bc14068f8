import FwdCore
import NIOPosix

/// Transparent forwards: whether connections can be redirected here. Where they lead is for their clients to say.
extension GatewayExamination {
    func redirection(_ forward: ForwardConfiguration, _ rule: TransparentRule, _ gateway: String) async {
        if let status = held(forward) {
            let reasons: [Cause.Reason] = [.bind, .config, .forbidden]
            let cause = status.cause.flatMap { reasons.contains($0.reason) ? $0 : nil }
            let ok = "the supervisor redirects connections to \(rule)"
            return tell(.listener, forward, gateway, cause, ok: ok, took: .zero)
        }
        guard let limit = time(Policy.step) else {
            return skip([.listener], of: gateway, forward: forward.name, Self.noTime)
        }
        let answer = PendingAnswer<Result<Cause?, any Error>>(loop, within: limit)
        answer.settle(with: BlockingPool.shared.runIfActive(eventLoop: loop) { NftablesConnection.problem })
        let cause: Cause? =
            if case .success(let problem) = await value(of: answer) { problem } else {
                Cause(.timeout, "the kernel's packet filter does not answer")
            }
        let ok = "connections to \(rule) can be redirected here"
        tell(.listener, forward, gateway, cause, ok: ok, took: answer.duration)
    }
}
