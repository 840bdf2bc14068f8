import FwdCore
import NIOCore
import NIOPosix

/// Finds out why the far side refused to listen: sshd says "no" to a port in use as to one it forbids. Loop-bound.
///
/// The port is connected to from the far side. Where that is refused, nothing listens there, so listening is forbidden.
/// Where it is taken, the port is in use: by an earlier session of ours, if it held the port when it was lost and nothing
/// is said on the new connection (its sshd offers it to a peer that is gone); else by somebody else.
final class RefusedListen {
    /// Our choices.
    enum Policy {
        /// What somebody else may take to say a first word or to close.
        static let patience = TimeAmount.seconds(1)
        static let deadline = TimeAmount.seconds(10)
        /// How long a lost session may hold its port: the kernel's keepalive gives it up after 2 h 11 min (tcp(7)).
        static let longestHold = Duration.seconds(3 * 3600)
    }

    private let listen: ForwardSpec.ListenAddress
    /// Since when a session of ours that held the port is lost.
    private let lostAt: ContinuousClock.Instant?
    private let loop: any EventLoop
    private let source: ProbeSource
    private let timer: LoopTimer
    private var connection: (any Channel)?
    private var completion: ((Cause) -> Void)?

    init(
        _ listen: ForwardSpec.ListenAddress, lostAt: ContinuousClock.Instant?, loop: any EventLoop, source: ProbeSource
    ) {
        self.listen = listen
        self.lostAt = lostAt.flatMap { .now - $0 < Policy.longestHold ? $0 : nil }
        self.loop = loop
        self.source = source
        timer = LoopTimer(loop)
    }

    func explain(_ cause: Cause, completion: @escaping (Cause) -> Void) {
        guard listen.port != 0, let channels = source.channels else { return completion(cause) }
        self.completion = completion
        timer.set(in: Policy.deadline) { [self] in finish(unknown) }
        source.host.connect(to: .host(listen.asSeenThere), channels: channels) { [self] result in
            switch result {
            case .success(let socket): hear(socket)
            case .failure(let failure): finish(explained(failure))
            }
        }
    }

    func cancel() {
        completion = nil
        cleanUp()
    }

    private func explained(_ failure: Cause) -> Cause {
        switch failure.reason {
        case .target:
            Cause(
                .remoteListen, .needsOperator,
                "the server does not allow to listen on \(listen), though the port is free there (AllowTcpForwarding, "
                    + "PermitListen, GatewayPorts or permitlisten; a port below 1024 is for root alone)")
        default: unknown
        }
    }

    /// A word, or an end, comes from a program that is there.
    private func hear(_ socket: ConnectedSocket.Handle) {
        guard completion != nil else { return ConnectedSocket.close(socket) }
        let handler = FirstWordHandler { [weak self] in self?.finish(Self.inUse(self)) }
        ClientBootstrap(group: loop)
            .adding(on: loop) { try $0.addHandler(handler) }
            .withConnectedSocket(socket)
            .assumeIsolated()
            .whenComplete { [self] result in
                guard case .success(let channel) = result, completion != nil else {
                    if case .success(let channel) = result { channel.close(promise: nil) }
                    return finish(unknown)
                }
                connection = channel
                timer.set(in: Policy.patience) { [self] in finish(lostAt == nil ? Self.inUse(self) : stale) }
            }
    }

    private func finish(_ cause: Cause) {
        guard let completion = completion.take() else { return }
        cleanUp()
        completion(cause)
    }

    private func cleanUp() {
        timer.cancel()
        connection?.close(promise: nil)
        connection = nil
    }

    // MARK: - What is told

    private static let advice =
        "ClientAliveInterval 15 in its sshd_config makes it give up lost sessions within 45 s"

    private var stale: Cause {
        let seconds = lostAt.map { Int((ContinuousClock.now - $0).inSeconds) } ?? 0
        return Cause(
            .stalePort,
            "the server still holds \(listen) for our session that was lost \(seconds) s ago; \(Self.advice)")
    }

    private static func inUse(_ listen: RefusedListen?) -> Cause {
        let place = listen.map { "\($0.listen)" } ?? "the port"
        return Cause(.portInUse, "\(place) is in use at the server, by another program or session")
    }

    private var unknown: Cause {
        if lostAt != nil {
            return Cause(
                .stalePort,
                "the server refused to listen on \(listen), which it may still hold for our lost session; \(Self.advice)"
            )
        }
        return Cause(
            .remoteListen,
            "the server refused to listen on \(listen): the port is in use there, or forbidden (AllowTcpForwarding, "
                + "PermitListen, GatewayPorts or permitlisten)")
    }
}

@available(*, unavailable)
extension RefusedListen: Sendable {}

extension ForwardSpec.ListenAddress {
    /// Where a connection made at the far side reaches this listener.
    var asSeenThere: ForwardSpec.Endpoint {
        switch address {
        case .loopback, .any: ForwardSpec.Endpoint(host: "localhost", port: port)
        case .address(let host): ForwardSpec.Endpoint(host: host, port: port)
        }
    }
}

/// Tells when anything comes, or the end.
private final class FirstWordHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: () -> Void

    init(_ heard: @escaping () -> Void) {
        self.heard = heard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { heard() }
    func channelInactive(context: ChannelHandlerContext) { heard() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { heard() }
}

@available(*, unavailable)
extension FirstWordHandler: Sendable {}
