import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// Pairs of connected sockets: the kernel carries bytes between two event loops, or to a child process.
enum ConnectedSocket {
    typealias Handle = NIOBSDSocket.Handle

    /// - Throws: `Cause` (internal) when there are no descriptors left.
    static func pair() throws(Cause) -> (ours: Handle, theirs: Handle) {
        var ends: [Handle] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Cause(.connect, "no pair of sockets: \(systemText(errno))")
        }
        return (ends[0], ends[1])
    }

    /// Makes a channel of one end, set up for a session. The descriptor is the channel's from here on.
    static func adopt(_ socket: Handle, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.writeBufferWaterMark, value: Connector.writeBufferWaterMark)
            .channelOption(.maxMessagesPerRead, value: Connector.maxMessagesPerRead)
            .channelOption(.recvAllocator, value: Connector.recvAllocator)
            .withConnectedSocket(socket)
    }

    static func close(_ socket: Handle) {
        Glibc.close(socket)
    }
}

extension ClientBootstrap {
    /// Gives the channel handlers of its own loop.
    /// - Parameter loop: the one that the bootstrap makes its channel on, which is where this is called.
    func adding(
        on loop: any EventLoop, _ handlers: @escaping (ChannelPipeline.SynchronousOperations) throws -> Void
    ) -> ClientBootstrap {
        let handlers = NIOLoopBound(handlers, eventLoop: loop)
        return channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try handlers.value(channel.pipeline.syncOperations) }
        }
    }
}
