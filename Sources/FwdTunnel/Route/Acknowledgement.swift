import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// What the peer's TCP has acknowledged of a connection's output: tcp_info of Linux (tcp(7), linux/tcp.h).
struct Acknowledgement {
    /// In bytes, since the connection began.
    let count: UInt64
    let at: ContinuousClock.Instant

    /// From the specification: offsets in `struct tcp_info`, which is longer than the C library's.
    private enum Offset {
        static let lastAckReceived = 56
        static let bytesAcknowledged = 120
        static let end = 128
    }

    /// `nil` where the connection is not TCP.
    static func of(_ channel: any Channel) -> Acknowledgement? {
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
            read(socket)
        } ?? nil
    }

    private static func read(_ socket: NIOBSDSocket.Handle) -> Acknowledgement? {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { buffer in
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            var length = socklen_t(buffer.count)
            guard getsockopt(socket, CInt(IPPROTO_TCP), TCP_INFO, buffer.baseAddress, &length) == 0,
                Int(length) >= Offset.end
            else { return nil }
            let milliseconds = buffer.load(fromByteOffset: Offset.lastAckReceived, as: UInt32.self)
            return Acknowledgement(
                count: buffer.load(fromByteOffset: Offset.bytesAcknowledged, as: UInt64.self),
                at: .now - .milliseconds(milliseconds))
        }
    }
}
