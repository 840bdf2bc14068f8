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
