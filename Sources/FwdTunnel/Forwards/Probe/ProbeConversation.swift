import FwdCore
import NIOCore
import NIOHTTP1

/// What a probe says to a target, and what it wants to hear. Loop-bound.
struct ProbeConversation {
    private let method: Probe.Method
    /// For the Host field (RFC 9110 section 7.2).
    private let host: String
    /// Told once: `nil`, or what was wrong.
    private let answer: (String?) -> Void

    init(_ method: Probe.Method, host: String, _ answer: @escaping (String?) -> Void) {
        self.method = method
        self.host = host
        self.answer = answer
    }

    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        switch method {
        case .connect:
            answer(nil)
        case .expect(let text):
            try pipeline.addHandler(GreetingHandler(expected: Array(text.utf8), answer))
        case .http(let path, let status):
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(StatusHandler(path: path, host: host, status: status, answer))
        }
    }
}

@available(*, unavailable)
extension ProbeConversation: Sendable {}

/// Reads the first bytes that the target sends by itself.
final class GreetingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let expected: [UInt8]
    private let answer: (String?) -> Void
    private var read: [UInt8] = []

    init(expected: [UInt8], _ answer: @escaping (String?) -> Void) {
        self.expected = expected
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        read += bytes.readableBytesView.prefix(expected.count - read.count)
        if !expected.starts(with: read) { return answer("expected \(text(expected)), read \(text(read))") }
        if read.count == expected.count { answer(nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer("the target closed the connection after \(read.count) bytes")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer(describe(error))
    }

    private func text(_ bytes: [UInt8]) -> String {
        "\"\(printable(String(decoding: bytes, as: UTF8.self), limit: 60))\""
    }
}

@available(*, unavailable)
extension GreetingHandler: Sendable {}

/// Sends one GET and reads the status of its answer.
final class StatusHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let path: String
    private let host: String
    private let status: Int
    private let answer: (String?) -> Void

    init(path: String, host: String, status: Int, _ answer: @escaping (String?) -> Void) {
        self.path = path
        self.host = host
        self.status = status
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let fields = HTTPHeaders([("Host", host), ("User-Agent", "fwd"), ("Connection", "close")])
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        let isRight = head.status.code == UInt(status)
        answer(isRight ? nil : "GET \(path) was answered with status \(head.status.code), expected \(status)")
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer("the target closed the connection without an answer to GET \(path)")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer("the answer to GET \(path) is not HTTP: \(describe(error))")
    }
}

@available(*, unavailable)
extension StatusHandler: Sendable {}
