import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// What the kernel knows of a connection: tcp_info of Linux (tcp(7), linux/tcp.h).
struct TransportInfo {
    /// What the peer's TCP has acknowledged of the output, in bytes, since the connection began.
    let acknowledgedBytes: UInt64
    let acknowledgedAt: ContinuousClock.Instant
    /// The shortest round trip of the last minutes (net.ipv4.tcp_min_rtt_wlen); `nil`: none measured.
    let shortestRoundTrip: Duration?

    /// From the specification: offsets in `struct tcp_info`, which is longer than the C library's.
    private enum Offset {
        static let lastAckReceived = 56
        static let bytesAcknowledged = 120
        static let shortestRoundTrip = 148
        static let end = 152
    }

    /// `nil` where the connection is not TCP.
    static func of(_ channel: any Channel) -> TransportInfo? {
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
            read(socket)
        } ?? nil
    }

    private static func read(_ socket: NIOBSDSocket.Handle) -> TransportInfo? {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { buffer in
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            var length = socklen_t(buffer.count)
            guard getsockopt(socket, CInt(IPPROTO_TCP), TCP_INFO, buffer.baseAddress, &length) == 0,
                Int(length) >= Offset.end
            else { return nil }
            let milliseconds = buffer.load(fromByteOffset: Offset.lastAckReceived, as: UInt32.self)
            let microseconds = buffer.load(fromByteOffset: Offset.shortestRoundTrip, as: UInt32.self)
            return TransportInfo(
                acknowledgedBytes: buffer.load(fromByteOffset: Offset.bytesAcknowledged, as: UInt64.self),
                acknowledgedAt: .now - .milliseconds(milliseconds),
                // The kernel says "none" with all bits set.
                shortestRoundTrip: microseconds == .max ? nil : .microseconds(microseconds))
        }
    }
}
