import NIOCore
import NIOPosix

/// A TCP path on loopback to one server, which can be slow, swallow what it carries, or break its connections.
///
/// It ends TCP on both sides: while it holds, the kernels still acknowledge, so only the protocol above can notice.
public final class FaultyPath: Sendable {
    public let host = "127.0.0.1"
    public let port: UInt16
    private let listener: any Channel
    private let line: NIOLoopBound<FaultyLine>

    private init(listener: any Channel, line: NIOLoopBound<FaultyLine>) {
        self.listener = listener
        self.line = line
        port = UInt16(listener.localAddress?.port ?? 0)
    }

    /// Runs `body` with a path to a server on 127.0.0.1.
    public static func with<Result>(
        to port: UInt16, _ conditions: PathConditions = .clear, isolation: isolated (any Actor)? = #isolation,
        _ body: (FaultyPath) async throws -> Result
    ) async throws -> Result {
        let path = try await start(to: port, conditions)
        return try await withCleanUp {
            try await body(path)
        } cleanUp: {
            await path.stop()
        }
    }

    private static func start(to port: UInt16, _ conditions: PathConditions) async throws -> FaultyPath {
        let loop = PathLoop.group.any()
        let line = try await loop.submit {
            NIOLoopBound(FaultyLine(server: Int(port), conditions: conditions, loop: loop), eventLoop: loop)
        }.get()
        let listener = try await ServerBootstrap(group: PathLoop.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { line.value.carry($0) }
            .bind(host: "127.0.0.1", port: 0).get()
        return FaultyPath(listener: listener, line: line)
    }

    /// Changes what happens from now on, for open connections too.
    public func set(_ conditions: PathConditions) async throws {
        try await onLoop { $0.conditions = conditions }
    }

    /// Aborts connections on both sides (RST).
    /// - Parameters:
    ///   - share: of the connections, at least one where there is any and the share is not 0.
    ///   - seed: chooses which.
    /// - Returns: how many it was.
    @discardableResult
    public func reset(share: Double = 1, seed: UInt64 = 0) async throws -> Int {
        try await onLoop { $0.reset(share: share, seed: seed) }
    }

    /// Connections that are open now.
    public var connections: Int {
        get async throws { try await onLoop { $0.links.count } }
    }

    /// Connections that it has aborted since the start.
    public var resets: Int {
        get async throws { try await onLoop { $0.resets } }
    }

    private func stop() async {
        try? await listener.close()
        _ = try? await reset()
    }

    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (FaultyLine) -> Result) async throws -> Result {
        try await line.eventLoop.submit { [line] in body(line.value) }.get()
    }
}

/// One loop for all paths, so that both ends of a connection are on the same.
enum PathLoop {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
