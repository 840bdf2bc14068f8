import FwdCore
import NIOCore

/// The last handler of a gateway's TCP connection: bytes in, events in; everything else is its session's work.
final class SSHTransportHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private weak var session: SSHSession?

    init(session: SSHSession) {
        self.session = session
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session?.received(unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { session?.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        session?.connectionClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        session?.connectionFailed(error)
    }
}

@available(*, unavailable)
extension SSHTransportHandler: Sendable {}
