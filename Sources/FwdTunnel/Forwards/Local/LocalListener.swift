import FwdCore
import Glibc
import Logging
import NIOCore
import NIOPosix

/// `-L`: listens here for the life of the forward, whatever the gateway does. Loop-bound.
///
/// Connections are accepted while the gateway is away too, and wait as `LocalConnection`s.
final class LocalListener: ForwardListener {
    private let loop: any EventLoop
    private weak var forward: Forward?
    private weak var channels: (any ChannelSource)?
    private let listen: ForwardSpec.Listen
    private var servers: [any Channel] = []
    private var waiting: [ObjectIdentifier: LocalConnection] = [:]
    private var relays = RelayRegistry()
    /// Counts `open` and `close` calls: an answer to an older one is dropped.
    private var generation = 0

    init(forward: Forward, loop: any EventLoop, channels: any ChannelSource) {
        self.forward = forward
        listen = forward.configuration.spec.listen
        self.loop = loop
        self.channels = channels
    }

    // MARK: - Listening

    func open(completion: @escaping (Result<UInt16, Cause>) -> Void) {
        generation += 1
        let current = generation
        let binds = Self.addresses(of: listen.address).map { bind(host: $0, port: Int(listen.port)) }
        EventLoopFuture.whenAllComplete(binds, on: loop).assumeIsolated().whenSuccess { [weak self] results in
            guard let self, generation == current else { return Self.close(results) }
            finishOpening(results, completion)
        }
    }

    /// As ssh does: loopback and "every interface" mean both protocols, and one of the two is enough where the other
    /// does not exist. A port that is in use on one of them is an error, though: half a forward helps nobody.
    private func finishOpening(
        _ results: [Result<any Channel, any Error>], _ completion: (Result<UInt16, Cause>) -> Void
    ) {
        let bound = results.compactMap { try? $0.get() }
        let errors = results.compactMap { result -> (any Error)? in
            if case .failure(let error) = result { error } else { nil }
        }
        if let fatal = errors.first(where: { !Self.isMissingProtocol($0) }) ?? (bound.isEmpty ? errors.first : nil) {
            Self.close(results)
            return completion(.failure(Self.cause(of: fatal, listen)))
        }
        servers = bound
        watch(bound)
        completion(.success(UInt16(clamping: bound.first?.localAddress?.port ?? 0)))
    }

    /// The system can take a listening socket away (an error of accept(2) that does not pass).
    private func watch(_ bound: [any Channel]) {
        let current = generation
        for server in bound {
            server.closeFuture.assumeIsolated().whenComplete { [weak self] _ in
                guard let self, generation == current else { return }
                forward?.listenerLost(Cause(.bind, "the system has closed the listener on \(listen)"))
            }
        }
    }

    private static func addresses(of address: ForwardSpec.BindAddress) -> [String] {
        switch address {
        case .loopback: ["127.0.0.1", "::1"]
        case .any: ["0.0.0.0", "::"]
        case .address(let host): [host]
        }
    }

    private func bind(host: String, port: Int) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        var bootstrap = ServerBootstrap(group: loop)
        if host.contains(":") {
            // Else "::" would take the IPv4 port too, and the bind of 0.0.0.0 would fail.
            let onlyIPv6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(onlyIPv6, value: 1)
        }
        return
            bootstrap
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { near in
                near.eventLoop.makeCompletedFuture { try bound.value.accept(near) }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(host: host, port: port)
    }

    private static func close(_ results: [Result<any Channel, any Error>]) {
        for case .success(let channel) in results { channel.close(promise: nil) }
    }

    private static func isMissingProtocol(_ error: any Error) -> Bool {
        guard let error = error as? IOError else { return false }
        return error.errnoCode == EADDRNOTAVAIL || error.errnoCode == EAFNOSUPPORT
    }

    private static func cause(of error: any Error, _ listen: ForwardSpec.Listen) -> Cause {
        let isForbidden = (error as? IOError)?.errnoCode == EACCES
        return Cause(
            .bind, isForbidden ? .needsOperator : .retry, "cannot listen on \(listen): \(describe(error))")
    }

    // MARK: - Connections

    private func accept(_ near: any Channel) throws {
        // Accepted by the kernel, but the forward was stopped meanwhile.
        guard !servers.isEmpty, let forward, let channels else { return near.reset() }
        let handler = RelayHandler()
        try near.configureAsNear()
        try near.pipeline.syncOperations.addHandler(handler)
        let connection = LocalConnection(
            near: near, handler: handler, forward: forward, channels: channels,
            whenSettled: { [weak self] connection, relay in self?.settled(connection, relay) })
        waiting[ObjectIdentifier(connection)] = connection
        connection.start()
    }

    private func settled(_ connection: LocalConnection, _ relay: Relay?) {
        waiting[ObjectIdentifier(connection)] = nil
        if let relay { relays.insert(relay) }
    }

    func gatewayCameUp() {
        for connection in waiting.values { connection.gatewayCameUp() }
    }

    func close() {
        generation += 1
        for server in servers { server.close(promise: nil) }
        servers = []
        for connection in waiting.values { connection.stop() }
    }

    func abort() {
        relays.stopAll()
    }

    var hasWaiting: Bool { !waiting.isEmpty }
}

extension Channel {
    /// The options of every near connection, set without a future each.
    func configureAsNear() throws {
        guard let options = syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        try options.setOption(.writeBufferWaterMark, value: .init(low: 256 * 1024, high: 512 * 1024))
        try options.setOption(.maxMessagesPerRead, value: 4)
        try options.setOption(
            .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16_384, maximum: 262_144))
    }
}
