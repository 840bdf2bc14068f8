import Foundation

extension TCPSocket {
    /// Reads what there is, at least one byte; 0 at the end of the stream.
    public func receive(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno == EINTR { continue }
            throw errno == EAGAIN ? BenchError("timed out waiting for bytes") : BenchError.call("receive")
        }
    }

    /// Exactly `count` bytes.
    public func receive(exactly count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = try bytes.withUnsafeMutableBytes {
                try receive(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            guard got > 0 else { throw BenchError("the connection ended after \(filled) of \(count) bytes") }
            filled += got
        }
        return bytes
    }

    /// Reads to the end of the stream; how many bytes that were.
    public func drain() throws -> Int {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var total = 0
        while true {
            let count = try buffer.withUnsafeMutableBytes { try receive(into: $0) }
            if count == 0 { return total }
            total += count
        }
    }

    public func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try send($0) }
    }

    public func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.send(descriptor, part.baseAddress, part.count, CInt(MSG_NOSIGNAL))
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw errno == EAGAIN ? BenchError("timed out sending") : BenchError.call("send")
            }
        }
    }

    /// Sends two pieces as one.
    public func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws {
        var pieces = [
            iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count),
        ]
        let sent = pieces.withUnsafeMutableBufferPointer { pieces in
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = pieces.count
            return sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL))
        }
        guard sent >= 0 || errno == EINTR else {
            throw errno == EAGAIN ? BenchError("timed out sending") : BenchError.call("send")
        }
        let count = max(sent, 0)
        if count < head.count { try send(UnsafeRawBufferPointer(rebasing: head.dropFirst(count))) }
        try send(UnsafeRawBufferPointer(rebasing: body.dropFirst(max(count - head.count, 0))))
    }
}
