import Foundation
import NIOCore

/// The end of a pipeline: hands out what arrives, one read at a time, and asks the socket for more only then.
///
/// Loop-bound. `autoRead` is off, so what the test does not read stays in the kernel and blocks the sender.
final class StreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private var context: ChannelHandlerContext?
    private var arrived = CircularBuffer<ByteBuffer>()
    private var reader: EventLoopPromise<StreamRead>?
    private var readDeadline: Scheduled<Void>?
    private(set) var end: StreamEnd?

    /// One read. At most one may be under way.
    func read(within deadline: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<StreamRead> {
        precondition(reader == nil, "two reads at once on one stream")
        if let bytes = arrived.popFirst() { return loop.makeSucceededFuture(.bytes(bytes)) }
        if let end { return loop.makeSucceededFuture(.end(end)) }
        guard let context else { return loop.makeSucceededFuture(.end(.reset(ENOTCONN))) }
        let promise = loop.makePromise(of: StreamRead.self)
        reader = promise
        readDeadline = loop.assumeIsolated().scheduleTask(in: deadline) { self.answer(.end(.timeout)) }
        context.read()
        return promise.futureResult
    }

    /// The whole stream is over because a deadline has passed.
    func expire() {
        finish(.timeout)
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.eof)
        self.context = nil
    }

    /// A read that was asked for before the channel was active is lost.
    func channelActive(context: ChannelHandlerContext) {
        if reader != nil { context.read() }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if reader == nil { arrived.append(bytes) } else { answer(.bytes(bytes)) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { finish(.eof) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(.reset((error as? IOError)?.errnoCode ?? EIO))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.eof)
        context.fireChannelInactive()
    }

    private func finish(_ end: StreamEnd) {
        if self.end == nil { self.end = end }
        if let end = self.end { answer(.end(end)) }
    }

    private func answer(_ read: StreamRead) {
        guard let promise = reader else { return }
        reader = nil
        readDeadline?.cancel()
        readDeadline = nil
        promise.succeed(read)
    }
}

@available(*, unavailable)
extension StreamHandler: Sendable {}
