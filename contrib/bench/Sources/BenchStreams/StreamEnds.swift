import BenchSystem
import Foundation

/// How long a stream is: it ends with the block during which the time is up.
public struct StreamPlan: Sendable {
    public let number: UInt64
    public let duration: Duration
    /// The kernel's send buffer of the sender, in bytes; absent: as the kernel sees fit.
    public let sendBuffer: Int?
    public let key = StreamHash.Key()
}

/// The bytes of all streams: blocks that do not compress, each headed by the numbers of its stream and of itself, so
/// that no two are alike.
private let body: [UInt8] = {
    var generator = SystemRandomNumberGenerator()
    return (0..<(256 * 1024 - 16) / 8).flatMap { _ in
        withUnsafeBytes(of: generator.next() as UInt64) { Array($0) }
    }
}()

/// A stream that was sent.
struct SentStream: Sendable {
    let plan: StreamPlan
    let blocks: UInt64

    /// The hash of its bytes is made of the same blocks once more, after the transfer: so that it takes no CPU from it.
    func summary() -> StreamSummary {
        let hash = StreamHash(key: plan.key)
        var summary = StreamSummary()
        let take = { (head: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) in
            hash.update(head)
            hash.update(body)
            summary.bytes += head.count + body.count
        }
        eachBlock(of: plan, while: { $0 < blocks }, take)
        summary.hash = hash.finish()
        return summary
    }
}

/// Sends a stream, at least one block of it.
func sendStream(_ plan: StreamPlan, over socket: TCPSocket) throws -> SentStream {
    if let sendBuffer = plan.sendBuffer { socket.setSendBuffer(sendBuffer) }
    let end = Moment.now + plan.duration
    let take = { (head: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) in try socket.send(head, body) }
    let blocks = try eachBlock(of: plan, while: { $0 == 0 || Moment.now < end }, take)
    return SentStream(plan: plan, blocks: blocks)
}

/// - Parameter goesOn: asked before each block, with its number.
/// - Returns: how many blocks there were.
@discardableResult
private func eachBlock(
    of plan: StreamPlan, while goesOn: (UInt64) -> Bool,
    _ take: (_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws -> Void
) rethrows -> UInt64 {
    var head = (plan.number, UInt64(0))
    try body.withUnsafeBytes { body in
        while goesOn(head.1) {
            try withUnsafeBytes(of: &head) { try take($0, body) }
            head.1 += 1
        }
    }
    return head.1
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
