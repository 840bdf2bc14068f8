import LibSSH2
import NIOCore

/// The two memory buffers between libssh2 and the TCP connection. Loop-bound.
final class TransportBuffers: SessionTransport {
    /// Above this, output is handed to the socket without waiting for the end of the loop tick.
    static let flushThreshold = 128 * 1024
    /// Small outputs are copied out, so that the large buffer stays: no fresh allocation for a keystroke.
    private static let copyLimit = 16 * 1024
    /// A peer that makes us queue answers without reading them is cut off here. Data is bounded far below, by
    /// `SSHSession.isWritable`.
    static let hardLimit = 64 * 1024 * 1024

    private var inbound = ByteBuffer()
    private var outbound = ByteBuffer()
    var isClosed = false

    /// Keeps a burst of input from staying allocated for the life of an idle session.
    func received(_ bytes: ByteBuffer) {
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.writeImmutableBuffer(bytes)
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer) {
        outbound.writeBytes(bytes)
    }

    func withReceived(_ body: (UnsafeRawBufferPointer) -> Int) {
        inbound.readWithUnsafeReadableBytes(body)
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    var outboundBytes: Int { outbound.readableBytes }

    func takeOutbound(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        if outbound.readableBytes <= Self.copyLimit {
            var copy = allocator.buffer(capacity: outbound.readableBytes)
            copy.writeImmutableBuffer(outbound)
            outbound.clear()
            return copy
        }
        let full = outbound
        outbound = allocator.buffer(capacity: Self.flushThreshold + 40_000)
        return full
    }
}

@available(*, unavailable)
extension TransportBuffers: Sendable {}
