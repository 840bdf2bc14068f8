import NIOCore
import NIOPosix

/// Ports that were free a moment ago.
enum LoopbackPorts {
    /// - Returns: `count` different ports, none in use on 127.0.0.1.
    static func free(_ count: Int) async throws -> [UInt16] {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        var channels: [any Channel] = []
        // All are held until all are known, so that no port comes twice.
        for _ in 0..<count { channels.append(try await bootstrap.bind(host: "127.0.0.1", port: 0).get()) }
        let ports = channels.compactMap { $0.localAddress?.port.flatMap { UInt16(exactly: $0) } }
        for channel in channels { try await channel.close() }
        return ports
    }
}
