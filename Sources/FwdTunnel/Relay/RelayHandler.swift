import NIOCore

/// What a near connection tells whoever owns it at the moment: first the one that waits for a channel, then the relay.
protocol NearConnectionOwner: AnyObject {
    /// NIO forgets a read that was asked for before this.
    func nearBecameActive()
    func nearReceived(_ bytes: ByteBuffer)
    func nearReadCompleted()
    func nearEnded()
    func nearBecameWritable()
    func nearFailed()
    /// Closed without an error: after our FIN, its EOF shows as this alone.
    func nearClosed()
}

/// The only handler in a near connection's pipeline: it forwards events to the owner.
final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Weak: the owner holds the channel, not the channel its owner.
    weak var owner: (any NearConnectionOwner)?

    func channelActive(context: ChannelHandlerContext) {
        owner?.nearBecameActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        owner?.nearReceived(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        owner?.nearReadCompleted()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { owner?.nearEnded() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { owner?.nearBecameWritable() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        owner?.nearFailed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        owner?.nearClosed()
    }
}

@available(*, unavailable)
extension RelayHandler: Sendable {}
