import NIOCore
import NIOHTTP1

/// HTTP's CONNECT, read by NIO's decoder, which stands behind the connection's own handler.
///
/// It is fed the request's head alone: on its way out of a pipeline it loses what stands behind it when the client has
/// ended its side.
final class HTTPConnectReader: ProxyRequestReader {
    private static let headEnd = Array("\r\n\r\n".utf8)

    private let near: any Channel
    private let entry: ChannelHandlerContext
    private let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
    private let heads = HTTPHeadHandler()
    /// Bytes in which no end begins.
    private var searched = 0

    init(_ near: any Channel) throws {
        self.near = near
        let pipeline = near.pipeline.syncOperations
        entry = try pipeline.context(handlerType: RelayHandler.self)
        try pipeline.addHandler(decoder)
        try pipeline.addHandler(heads)
    }

    func read(_ bytes: inout ByteBuffer) throws(ProxyAnswer) -> ProxyRequest? {
        guard let length = headLength(bytes), let head = bytes.readSlice(length: length) else { return nil }
        entry.fireChannelRead(NIOAny(head))
        guard let outcome = heads.outcome else { throw .malformed }
        return try outcome.get()
    }

    func leave() {
        near.pipeline.syncOperations.removeHandler(heads, promise: nil)
        near.pipeline.syncOperations.removeHandler(decoder, promise: nil)
    }

    private func headLength(_ bytes: ByteBuffer) -> Int? {
        let view = bytes.readableBytesView
        if let end = view.dropFirst(searched).firstRange(of: Self.headEnd) {
            return end.upperBound - view.startIndex
        }
        searched = max(0, view.count - Self.headEnd.count + 1)
        return nil
    }
}

@available(*, unavailable)
extension HTTPConnectReader: Sendable {}

private final class HTTPHeadHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private(set) var outcome: Result<ProxyRequest, ProxyAnswer>?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), outcome == nil else { return }
        outcome = Result { () throws(ProxyAnswer) in
            guard head.method == .CONNECT else { throw .commandNotSupported }
            return try ProxyRequest(authority: head.uri)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome = outcome ?? .failure(.malformed)
    }
}
