import BenchSystem

/// Connections that are open through the forwarder to the target, and carry nothing.
public struct HeldConnections: Sendable {
    private let sockets: [TCPSocket]

    public var count: Int { sockets.count }

    /// Opens them, each until the target has answered with one byte.
    public init(_ count: Int, through endpoint: Endpoint, from place: Place = .here, openers: Int = 16) throws {
        sockets = try onThreads(openers, in: place) { number in
            try stride(from: number, to: count, by: openers).map { _ in
                let socket = try TCPSocket.connect(to: endpoint, timeout: .seconds(60))
                try socket.send(TargetOrder(deed: .hold, number: 0).bytes)
                _ = try socket.receive(exactly: 1)
                return socket
            }
        }.flatMap { $0 }
    }

    /// Whether all are still open.
    public func closeAll() {
        for socket in sockets { socket.shutDown() }
    }
}
