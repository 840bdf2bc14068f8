import FwdCore
import LibSSH2
import Logging
import NIOCore

/// While a gateway is up at a fallback: logs in at the preferred server from time to time, and hands over when that
/// works. Loop-bound; the driver owns it, and drops it when the gateway goes down.
///
/// It is a whole login, never a bare connection: only a login shows that the server can be used, and servers punish
/// connections that do not log in. Nothing is interrupted by an attempt that fails.
final class Failback {
    /// Our choices.
    enum Policy {
        static let interval = Duration.seconds(60)
        /// After a login that only a person can mend.
        static let refusedInterval = GatewayStateMachine.Policy.parkedRetry
    }

    private let preferred: GatewayConfiguration
    private let links: LinkMaker
    private let pool: SessionPool
    private let loop: any EventLoop
    private let logger: Logger
    private let arrived: (Link) -> Void
    private let timer: LoopTimer
    private var isCancelled = false

    init(
        _ preferred: GatewayConfiguration, links: LinkMaker, pool: SessionPool, loop: any EventLoop, logger: Logger,
        interval: Duration = Policy.interval, arrived: @escaping (Link) -> Void
    ) {
        self.preferred = preferred
        self.links = links
        self.pool = pool
        self.loop = loop
        self.logger = logger
        self.arrived = arrived
        timer = LoopTimer(loop)
        wait(interval)
    }

    func cancel() {
        isCancelled = true
        timer.cancel()
        pool.dropCandidate()
    }

    /// An operator, or a changed network, says: at once.
    func retry() {
        guard timer.isSet else { return }
        wait(.zero)
    }

    private func wait(_ duration: Duration) {
        timer.set(in: TimeAmount(clamping: duration)) { [weak self] in self?.begin() }
    }

    private func begin() {
        logger.debug("trying \(preferred.host) again")
        LoginLoader.load(preferred, on: loop)
            .and(links.resolve(preferred))
            .assumeIsolated()
            .whenComplete { [weak self] result in
                guard let self, !isCancelled else { return }
                switch result {
                case .success((let login, let addresses)): connect(addresses, login)
                case .failure(let error): failed(error)
                }
            }
    }

    private func connect(_ addresses: [SocketAddress], _ login: LoginParameters) {
        links.make(preferred, addresses: addresses) { [weak self] result in
            guard let self, !isCancelled else {
                if case .success(let link) = result { link.channel.close(promise: nil) }
                return
            }
            switch result {
            case .success(let link): logIn(over: link, login)
            case .failure(let error): failed(error)
            }
        }
    }

    private func logIn(over link: Link, _ login: LoginParameters) {
        do throws(LibSSH2Error) {
            try pool.startCandidate(on: link.channel, login: login) { [weak self] cause in
                guard let self, !isCancelled else { return }
                if let cause { failed(cause) } else { arrived(link) }
            }
        } catch {
            link.channel.close(promise: nil)
            failed(error)
        }
    }

    private func failed(_ error: any Error) {
        let cause = error as? Cause ?? (error as? NothingToLogInWith)?.cause
        logger.info("\(preferred.host) cannot be used yet: \(cause?.message ?? describe(error))")
        wait(cause?.failureClass == .needsOperator ? Policy.refusedInterval : Policy.interval)
    }
}

@available(*, unavailable)
extension Failback: Sendable {}
