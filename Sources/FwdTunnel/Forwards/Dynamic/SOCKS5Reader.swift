import NIOCore
import NIOSOCKS

/// SOCKS5 (RFC 1928), read and answered up to the request by NIO's handler, which stands behind the connection's own.
///
/// It is fed byte by byte: it keeps what comes behind a message, and answers nothing more when that comes too early.
final class SOCKS5Reader: ProxyRequestReader {
    private let near: any Channel
    private let entry: ChannelHandlerContext
    private let handshake = SOCKSServerHandshakeHandler()
    private let messages = SOCKS5MessageHandler()

    init(_ near: any Channel) throws {
        self.near = near
        let pipeline = near.pipeline.syncOperations
        entry = try pipeline.context(handlerType: RelayHandler.self)
        try pipeline.addHandler(handshake)
        try pipeline.addHandler(messages)
    }

    func read(_ bytes: inout ByteBuffer) throws(ProxyAnswer) -> ProxyRequest? {
        while messages.outcome == nil, let byte = bytes.readSlice(length: 1) {
            entry.fireChannelRead(NIOAny(byte))
        }
        return try messages.outcome?.get()
    }

    func leave() {
        // In this order: the handshake passes on what it has left.
        near.pipeline.syncOperations.removeHandler(messages, promise: nil)
        near.pipeline.syncOperations.removeHandler(handshake, promise: nil)
    }
}

@available(*, unavailable)
extension SOCKS5Reader: Sendable {}

/// Takes the greeting that offers no authentication, and the request.
private final class SOCKS5MessageHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ClientMessage
    typealias OutboundOut = ServerMessage

    private(set) var outcome: Result<ProxyRequest, ProxyAnswer>?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .greeting(let greeting) where greeting.methods.contains(.noneRequired):
            let choice = SelectedAuthenticationMethod(method: .noneRequired)
            context.writeAndFlush(wrapOutboundOut(.selectedAuthenticationMethod(choice)), promise: nil)
        case .greeting: outcome = .failure(.authenticationNotSupported)
        case .request(let request):
            outcome = Result { () throws(ProxyAnswer) in try Self.request(request) }
        case .authenticationData: outcome = .failure(.malformed)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome = outcome ?? .failure(error is SOCKSError.InvalidAddressType ? .addressNotSupported : .malformed)
    }

    private static func request(_ request: SOCKSRequest) throws(ProxyAnswer) -> ProxyRequest {
        guard request.command == .connect else { throw .commandNotSupported }
        switch request.addressType {
        case .domain(let name, let port): return try ProxyRequest(host: name, port: UInt16(clamping: port))
        case .address(let address):
            return try ProxyRequest(host: address.ipAddress ?? "", port: UInt16(clamping: address.port ?? 0))
        }
    }
}
