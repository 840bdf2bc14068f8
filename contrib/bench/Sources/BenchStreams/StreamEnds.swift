import BenchSystem
import Foundation

/// How long a stream is: it ends with the block during which the time is up.
public struct StreamPlan: Sendable {
    public let number: UInt64
    public let duration: Duration
    public let key = StreamHash.Key()

    public init(number: UInt64, duration: Duration) {
        self.number = number
        self.duration = duration
    }
}

/// The bytes of all streams: blocks that do not compress, each headed by the numbers of its stream and of itself, so
/// that no two are alike.
private let body: [UInt8] = {
    var generator = SystemRandomNumberGenerator()
    return (0..<(256 * 1024 - 16) / 8).flatMap { _ in
        withUnsafeBytes(of: generator.next() as UInt64) { Array($0) }
    }
}()

/// Sends a stream; hashes what it hands to the kernel.
func sendStream(_ plan: StreamPlan, over socket: TCPSocket) throws -> StreamSummary {
    let hash = StreamHash(key: plan.key)
    var summary = StreamSummary()
    var head = (plan.number, UInt64(0))
    let end = Moment.now + plan.duration
    summary.first = .now
    try body.withUnsafeBytes { body in
        repeat {
            try withUnsafeBytes(of: &head) { head in
                hash.update(head)
                hash.update(body)
                try socket.send(head, body)
            }
            summary.bytes += 16 + body.count
            head.1 += 1
        } while Moment.now < end
    }
    summary.last = .now
    summary.hash = hash.finish()
    return summary
}

/// Receives a stream to its end; hashes what it got from the kernel.
func receiveStream(_ plan: StreamPlan, from socket: TCPSocket) throws -> StreamSummary {
    let hash = StreamHash(key: plan.key)
    var summary = StreamSummary()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
    defer { buffer.deallocate() }
    while true {
        let count = try socket.receive(into: buffer)
        if count == 0 { break }
        hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        summary.note(count, at: .now)
    }
    summary.hash = hash.finish()
    return summary
}
