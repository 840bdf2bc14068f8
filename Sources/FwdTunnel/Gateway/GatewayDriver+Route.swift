import FwdCore
import NIOCore

/// Going through another gateway or a command, and being gone through.
extension GatewayDriver {
    /// What a command may take to say how it ended, once its connection is closed.
    private static let proxyGrace = TimeAmount.milliseconds(500)

    /// Reports the end of the first session with the cause behind the cause: a jump that is down, a command that failed.
    func explain(_ cause: Cause, wasReady: Bool) {
        let attempt = machine.attempt
        guard [.lost, .handshake, .timeout].contains(cause.reason) else { return primaryEnded(attempt: attempt, cause) }
        switch server.route {
        case .direct:
            primaryEnded(attempt: attempt, cause)
        case .via(let jump):
            let trouble = registry.trouble(of: jump).map { GatewayRegistry.cause(jump, $0) }
            primaryEnded(attempt: attempt, trouble ?? cause)
        case .command:
            guard let proxy = link?.proxy, !wasReady else { return primaryEnded(attempt: attempt, cause) }
            ask(proxy, attempt, cause)
        }
    }

    private func ask(_ proxy: ProxyProcess, _ attempt: Int, _ cause: Cause) {
        let promise = loop.makePromise(of: String?.self)
        proxy.whenEnded { promise.succeed($0) }
        loop.scheduleTask(in: Self.proxyGrace) { promise.succeed(nil) }
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] end in
            let told = end.map { Cause(.connect, "the proxy command \($0)") }
            self?.primaryEnded(attempt: attempt, told ?? cause)
        }
    }

    /// The jump comes back by itself; this gateway then tries at once.
    func waitForJump() {
        guard case .via(let jump) = server.route else { return }
        let driver = NIOLoopBound(WeakDriver(driver: self), eventLoop: loop)
        registry.whenUp(jump, for: ObjectIdentifier(self)) { [loop] in
            loop.execute { driver.value.driver?.jumpCameUp() }
        }
    }

    func openJump(to target: ForwardSpec.Endpoint, for promise: EventLoopPromise<ConnectedSocket.Handle>) {
        guard isUp else { return promise.fail(Cause(.jump, "the gateway \(configuration.name) \(trouble)")) }
        jumps.connect(to: .host(target), channels: self) { [name = configuration.name] result in
            promise.completeWith(
                result.mapError { cause in
                    // A session that died meanwhile comes back; whoever waits is told then.
                    let reason: Cause.Reason = cause.reason == .lost ? .jump : .connect
                    return Cause(reason, "through \(name): \(cause.message)")
                })
        }
    }

    /// Why this gateway carries nothing, for those that go through it.
    var trouble: String {
        guard let (_, cause) = machine.waiting else { return "is \(machine.publicState.rawValue)" }
        return "is \(machine.publicState.rawValue): \(cause)"
    }

    var address: String? { link?.address.map(describe(_:)) }
}

private struct WeakDriver {
    weak var driver: GatewayDriver?
}

extension Route {
    /// As in `GatewayStatus.route`.
    var text: String? {
        switch self {
        case .direct: nil
        case .via(let jump): "via \(jump)"
        case .command: "proxy command"
        }
    }
}
