import NIOCore
import NIOPosix
import Synchronization

/// What forwards lead to: a TCP server on loopback whose behaviour a test chooses.
public final class TargetServer: Sendable {
    public let host: String
    public let port: UInt16
    private let listener: any Channel
    private let state: ServerState

    private init(host: String, port: UInt16, listener: any Channel, state: ServerState) {
        self.host = host
        self.port = port
        self.listener = listener
        self.state = state
    }

    /// Connections open now.
    public var connections: Int { state.streams.withLock { $0.open.count } }
    /// Connections accepted since the start.
    public var totalConnections: Int { state.streams.withLock { $0.total } }
    /// Exchanges whose first bytes have come.
    public var totalExchanges: Int { state.streams.withLock { $0.exchanges } }

    /// What arrived in the exchange with this seed; waits for its end.
    public func exchanged(seed: UInt64, within deadline: Duration = .seconds(30)) async throws -> ReceivedStream {
        try await eventually(within: deadline, "the target has received the exchange with seed \(seed)") {
            state.exchanges.withLock { $0[seed] }
        }
    }

    /// - Parameter port: 0 for any.
    public static func start(
        _ behaviour: TargetBehaviour, host: String = "127.0.0.1", port: UInt16 = 0
    ) async throws -> TargetServer {
        let state = ServerState()
        let listener = try await bootstrap(behaviour, state).bind(host: host, port: Int(port)).get()
        let bound = UInt16(listener.localAddress?.port ?? 0)
        return TargetServer(host: host, port: bound, listener: listener, state: state)
    }

    /// One that listens on a Unix socket instead; its port is 0.
    public static func start(_ behaviour: TargetBehaviour, path: String) async throws -> TargetServer {
        let state = ServerState()
        let listener = try await bootstrap(behaviour, state).bind(unixDomainSocketPath: path).get()
        return TargetServer(host: path, port: 0, listener: listener, state: state)
    }

    private static func bootstrap(_ behaviour: TargetBehaviour, _ state: ServerState) -> ServerBootstrap {
        var bootstrap = ServerBootstrap(group: TestLoops.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: behaviour.readSize)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    state.serve(try ByteStream.configure(channel), behaviour)
                }
            }
        if let size = behaviour.kernelBuffer {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_rcvbuf), value: .init(size))
        }
        return bootstrap
    }

    /// Stops listening and aborts what is open.
    public func stop() async {
        try? await listener.close()
        for stream in state.streams.withLock({ Array($0.open.values) }) { await stream.reset() }
        _ = try? await eventually("the target's connections are closed") { connections == 0 }
    }

    /// Runs `body` with a server.
    public static func with<Result>(
        _ behaviour: TargetBehaviour, host: String = "127.0.0.1", port: UInt16 = 0,
        isolation: isolated (any Actor)? = #isolation, _ body: (TargetServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(behaviour, host: host, port: port)
        return try await withCleanUp {
            try await body(server)
        } cleanUp: {
            await server.stop()
        }
    }
}

/// What the connections of one server share.
final class ServerState: Sendable {
    struct Streams {
        var open: [ObjectIdentifier: ByteStream] = [:]
        var total = 0
        var exchanges = 0
    }

    let streams = Mutex(Streams())
    let exchanges = Mutex<[UInt64: ReceivedStream]>([:])

    /// Serves a connection until the behaviour returns, then closes it.
    func serve(_ stream: ByteStream, _ behaviour: TargetBehaviour) {
        let id = ObjectIdentifier(stream)
        streams.withLock { streams in
            streams.open[id] = stream
            streams.total += 1
        }
        stream.channel.closeFuture.whenComplete { [self] _ in
            _ = streams.withLock { $0.open.removeValue(forKey: id) }
        }
        // Ends with the connection: every operation on a closed stream returns at once.
        Task {
            try? await behaviour.serve(stream, self)
            await stream.close()
        }
    }
}
