import FwdCore
import Glibc
import Logging
import NIOCore
import NIOPosix

/// Listens here for the life of the forward, whatever the gateway does. Loop-bound.
///
/// Connections are accepted while the gateway is away too, and wait as `LocalConnection`s.
final class LocalListener: ForwardListener {
    /// Connections that the kernel holds while nobody accepts; net.core.somaxconn is often less.
    private static let backlog: CInt = 1024

    private typealias Site = (place: ListenPlace, address: Result<SocketAddress, any Error>)

    private let loop: any EventLoop
    private weak var forward: Forward?
    private weak var channels: (any ChannelSource)?
    private let id: ForwardID
    private let listen: ForwardSpec.Listen
    private let store: (any ListenerStore)?
    private let admission: Admission
    private let limits: RelayLimits
    private let gate: AcceptGate
    private let intake: (Admission) -> any ConnectionIntake
    private var socketFile: UnixSocketFile?
    private(set) var servers: [any Channel] = []
    private var waiting: [ObjectIdentifier: LocalConnection] = [:]
    private var relays = RelayRegistry()
    /// Counts `open` and `close` calls: an answer to an older one is dropped.
    private var generation = 0

    /// - Parameters:
    ///   - listen: a port or a socket.
    ///   - id: what the forward's sockets are known by in the store.
    ///   - budget: what the process may carry.
    ///   - store: where listening sockets come from and are kept; absent: they live no longer than the listener.
    ///   - intake: for each connection, what finds out where it leads.
    init(
        forward: Forward, listen: ForwardSpec.Listen, id: ForwardID, loop: any EventLoop, channels: any ChannelSource,
        budget: ConnectionBudget,
        store: (any ListenerStore)?, intake: @escaping (Admission) -> any ConnectionIntake
    ) {
        self.forward = forward
        self.id = id
        self.listen = listen
        self.intake = intake
        self.loop = loop
        self.channels = channels
        self.store = store
        admission = Admission(forward)
        limits = RelayLimits(forward.configuration.limits, loop: loop)
        gate = AcceptGate(budget: budget, loop: loop, report: { [weak forward] in forward?.connectionFailed($0) })
    }

    // MARK: - Listening

    func open(completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        generation += 1
        let current = generation
        let places = ListenPlace.places(of: listen)
        let addresses = places.map { $0.address(on: loop) }
        EventLoopFuture.whenAllComplete(addresses, on: loop).assumeIsolated().whenSuccess { [weak self] addresses in
            // A name can take as long as its server likes: who has closed meanwhile binds nothing.
            guard let self, generation == current else { return }
            open(Array(zip(places, addresses)), completion)
        }
    }

    private func open(_ sites: [Site], _ completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        let current = generation
        EventLoopFuture.whenAllComplete(listeners(at: sites), on: loop).assumeIsolated()
            .whenSuccess { [weak self] results in
                guard let self, generation == current else { return Self.close(results) }
                finishOpening(results, completion)
            }
    }

    /// One for each address: what listens already is taken over, the rest is bound.
    private func listeners(at sites: [Site]) -> [EventLoopFuture<any Channel>] {
        guard let store, let forward else { return sites.map { bind($0) } }
        let wanted = sites.map { (place: $0.place, address: try? $0.address.get()) }
        var inherited = InheritedSockets(from: store, for: id, wanted: wanted, logger: forward.logger)
        return sites.map { site in inherited.take(site.place).map { adopt($0) } ?? bind(site) }
    }

    /// As ssh does: loopback and "every interface" mean both protocols, and one of the two is enough where the other
    /// does not exist. A port that is in use on one of them is an error, though: half a forward helps nobody.
    private func finishOpening(
        _ results: [Result<any Channel, any Error>], _ completion: (Result<UInt16?, Cause>) -> Void
    ) {
        let bound = results.compactMap { try? $0.get() }
        let errors = results.compactMap { result -> (any Error)? in
            if case .failure(let error) = result { error } else { nil }
        }
        if let fatal = errors.first(where: { !Self.isMissingProtocol($0) }) ?? (bound.isEmpty ? errors.first : nil) {
            Self.close(results)
            // What was taken over goes too: a copy that the store kept would hold the port against the next attempt.
            store?.forget(id)
            removeSocketFile()
            return completion(.failure(Self.cause(of: fatal, listen)))
        }
        servers = bound
        watch(bound)
        keep(bound)
        completion(.success(bound.first?.localAddress?.port.map { UInt16(clamping: $0) } ?? listen.port))
        gate.open(servers)
    }

    private func keep(_ bound: [any Channel]) {
        guard let store else { return }
        for server in bound {
            try? server.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
                store.keep(socket, for: id)
            }
        }
    }

    /// The system can take a listening socket away (an error of accept(2) that does not pass).
    private func watch(_ bound: [any Channel]) {
        let current = generation
        for server in bound {
            server.closeFuture.assumeIsolated().whenComplete { [weak self] _ in
                guard let self, generation == current else { return }
                store?.forget(id)
                forward?.listenerLost(Cause(.bind, "the system has closed the listener on \(listen)"))
            }
        }
    }

    private func bind(_ site: Site) -> EventLoopFuture<any Channel> {
        switch site {
        case (.host, .success(let address)): bind(to: address)
        case (.host, .failure(let error)): loop.makeFailedFuture(error)
        case (.path(let path), _): bind(path: path)
        }
    }

    private func bind(path: String) -> EventLoopFuture<any Channel> {
        do {
            let file = try UnixSocketFile.bind(path: path, mode: forward?.configuration.socketMode)
            socketFile = file
            return adopt(file.socket)
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private func removeSocketFile() {
        socketFile?.remove()
        socketFile = nil
    }

    private func bind(to address: SocketAddress) -> EventLoopFuture<any Channel> {
        var bootstrap = makeBootstrap()
        if address.protocol == .inet6 {
            // Else "::" would take the IPv4 port too, and the bind of 0.0.0.0 would fail.
            let onlyIPv6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(onlyIPv6, value: 1)
        }
        return
            bootstrap
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(to: address)
    }

    private func adopt(_ socket: InheritedSockets.Handle) -> EventLoopFuture<any Channel> {
        makeBootstrap().withBoundSocket(socket).map { server in
            // NIO has called listen(2) again, with a backlog of its own.
            _ = Glibc.listen(socket, Self.backlog)
            return server
        }
    }

    /// Its sockets accept only when `finishOpening` has opened the gate: nobody is accepted by half a forward.
    private func makeBootstrap() -> ServerBootstrap {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return ServerBootstrap(group: loop)
            .serverChannelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(AcceptErrorHandler(gate: bound.value.gate))
                }
            }
            .childChannelInitializer { near in
                near.eventLoop.makeCompletedFuture { try bound.value.accept(near) }
            }
            .serverChannelOption(.autoRead, value: false)
            // More would be accepted in the turn in which the gate closes.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
    }

    private static func close(_ results: [Result<any Channel, any Error>]) {
        for case .success(let channel) in results { channel.close(promise: nil) }
    }

    static func isMissingProtocol(_ error: any Error) -> Bool {
        guard let error = error as? IOError else { return false }
        return error.errnoCode == EADDRNOTAVAIL || error.errnoCode == EAFNOSUPPORT
    }

    static func cause(of error: any Error, _ listen: ForwardSpec.Listen) -> Cause {
        if let cause = error as? Cause, cause.reason != .dns { return cause }
        let isForbidden = (error as? IOError)?.errnoCode == EACCES
        return Cause(
            .bind, isForbidden ? .needsOperator : .retry, "cannot listen on \(listen): \(describe(error))")
    }

    // MARK: - Connections

    private func accept(_ near: any Channel) throws {
        // Accepted by the kernel, but the forward was stopped meanwhile.
        guard !servers.isEmpty, let forward, let channels else { return near.reset() }
        guard admission.admits(localPeer: near.remoteAddress) else { return near.reset() }
        let handler = RelayHandler()
        try near.configureAsNear()
        try near.pipeline.syncOperations.addHandler(handler)
        let connection = LocalConnection(
            near: near, handler: handler, forward: forward, intake: intake(admission), channels: channels,
            limits: limits,
            whenSettled: { [weak self] connection, relay in self?.settled(connection, relay) })
        waiting[ObjectIdentifier(connection)] = connection
        gate.admit(near, start: connection.start)
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
        removeSocketFile()
        gate.close()
        for connection in waiting.values { connection.stop() }
    }

    func abort() {
        relays.stopAll()
    }

    var hasWaiting: Bool { !waiting.isEmpty }
}

/// What is read from a near connection in one turn. Our choices.
enum NearPolicy {
    /// Of the first read. NIO keeps the buffer, and most connections are idle most of the time.
    static let firstReadSize = 2048
    /// Most bytes in one read.
    static let readSize = 256 * 1024
    static let readsPerTurn: UInt = 4
}

extension Channel {
    /// The options of every near connection, set without a future each.
    func configureAsNear() throws {
        guard let options = syncOptions else { return }
        // Unix sockets have neither of the two.
        if remoteAddress?.port != nil { try configureAsTCP(options) }
        try options.setOption(.writeBufferWaterMark, value: .init(low: 256 * 1024, high: 512 * 1024))
        try options.setOption(.maxMessagesPerRead, value: NearPolicy.readsPerTurn)
        try options.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: NearPolicy.firstReadSize, initial: NearPolicy.firstReadSize, maximum: NearPolicy.readSize))
    }

    private func configureAsTCP(_ options: any NIOSynchronousChannelOptions) throws {
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.socketOption(.so_keepalive), value: 1)
    }
}
