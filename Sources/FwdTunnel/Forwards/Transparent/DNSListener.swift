import FwdCore
import Logging
import NIOCore
import NIOPosix

/// Takes questions about some domains, over UDP and TCP, and has them answered at the far side over TCP (RFC 7766).
/// Loop-bound; its transparent forward owns it.
final class DNSListener {
    /// Our choice: what a resolver asks at once; more are not answered, and asked again.
    private static let maximumQuestions = 64

    private let rule: DNSRule
    private let loop: any EventLoop
    private weak var channels: (any ChannelSource)?
    private let admission: Admission
    private let carrier: JumpHost
    private let tcp: LocalListener
    private var udp: (any Channel)?
    private var questions = 0
    private var generation = 0

    init(
        _ rule: DNSRule, of forward: Forward, id: ForwardID, loop: any EventLoop, channels: any ChannelSource,
        budget: ConnectionBudget
    ) {
        self.rule = rule
        self.loop = loop
        self.channels = channels
        admission = Admission(forward)
        carrier = JumpHost(loop: loop)
        let listen = ForwardSpec.ListenAddress(address: .address(rule.listen.host), port: rule.listen.port)
        tcp = LocalListener(
            forward: forward, listen: .port(listen), id: id, loop: loop, channels: channels, budget: budget, store: nil,
            intake: { _ in FixedDestination(.host(rule.server)) })
    }

    /// - Parameter completion: why it cannot listen, or `nil`; not called after `close`.
    func open(completion: @escaping (Cause?) -> Void) {
        generation += 1
        let current = generation
        let bound = NIOLoopBound(self, eventLoop: loop)
        DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(QuestionHandler(bound.value))
                }
            }
            .bind(host: rule.listen.host, port: Int(rule.listen.port))
            .assumeIsolated()
            .whenComplete { [weak self] result in
                guard let self, generation == current else {
                    if case .success(let late) = result { late.close(promise: nil) }
                    return
                }
                switch result {
                case .success(let channel):
                    udp = channel
                    tcp.open { answer in
                        if case .failure(let cause) = answer { completion(cause) } else { completion(nil) }
                    }
                case .failure(let error):
                    completion(Cause(.bind, "cannot take questions on \(rule.listen): \(describe(error))"))
                }
            }
    }

    func close() {
        generation += 1
        udp?.close(promise: nil)
        udp = nil
        tcp.close()
        carrier.abort()
    }

    func gatewayCameUp() { tcp.gatewayCameUp() }
    func abort() { tcp.abort() }
    var hasWaiting: Bool { tcp.hasWaiting }

    // MARK: - Questions

    fileprivate func take(_ bytes: [UInt8], from client: SocketAddress) {
        // No answer at all: the sender of a datagram may be somebody else's address.
        guard admission.isAllowed(client) else { return }
        guard let query = DNSQuery(bytes) else { return }
        guard rule.covers(query.name) else { return send(query.answer(.refused), to: client) }
        guard let channels, channels.isUp else { return send(query.answer(.serverFailure), to: client) }
        guard questions < Self.maximumQuestions else { return }
        questions += 1
        carrier.connect(to: .host(rule.server), channels: channels) { [weak self] result in
            guard let self else {
                if case .success(let socket) = result { ConnectedSocket.close(socket) }
                return
            }
            switch result {
            case .success(let socket): ask(query, over: socket, for: client)
            case .failure: finish(query, nil, client)
            }
        }
    }

    private func ask(_ query: DNSQuery, over socket: ConnectedSocket.Handle, for client: SocketAddress) {
        let handler = AnswerHandler(query, on: loop) { [weak self] answer in self?.finish(query, answer, client) }
        ClientBootstrap(group: loop)
            .adding(on: loop) { try $0.addHandler(handler) }
            .withConnectedSocket(socket)
            .assumeIsolated()
            .whenFailure { [weak self] _ in self?.finish(query, nil, client) }
    }

    private func finish(_ query: DNSQuery, _ answer: [UInt8]?, _ client: SocketAddress) {
        questions -= 1
        send(answer.map { query.fitted($0) } ?? query.answer(.serverFailure), to: client)
    }

    private func send(_ bytes: [UInt8], to client: SocketAddress) {
        udp?.writeAndFlush(AddressedEnvelope(remoteAddress: client, data: ByteBuffer(bytes: bytes)), promise: nil)
    }
}

@available(*, unavailable)
extension DNSListener: Sendable {}

/// Hands datagrams on.
private final class QuestionHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private weak var listener: DNSListener?

    init(_ listener: DNSListener) {
        self.listener = listener
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        listener?.take(Array(envelope.data.readableBytesView), from: envelope.remoteAddress)
    }

    /// An answer that found nobody (ICMP) is no reason to stop listening.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

@available(*, unavailable)
extension QuestionHandler: Sendable {}

/// Asks one question and reads its answer, each behind its length (RFC 7766 section 8).
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Our choice, and that of resolvers: who asked asks again, or elsewhere.
    private static let deadline = TimeAmount.seconds(5)

    private let query: DNSQuery
    private let timer: LoopTimer
    private var completion: (([UInt8]?) -> Void)?
    private var read = ByteBuffer()

    /// - Parameter completion: with the answer, once; `nil`: there is none.
    init(_ query: DNSQuery, on loop: any EventLoop, completion: @escaping ([UInt8]?) -> Void) {
        self.query = query
        self.completion = completion
        timer = LoopTimer(loop)
    }

    func channelActive(context: ChannelHandlerContext) {
        var question = ByteBuffer()
        question.writeInteger(UInt16(clamping: query.bytes.count))
        question.writeBytes(query.bytes)
        context.writeAndFlush(wrapOutboundOut(question), promise: nil)
        let channel = context.channel
        timer.set(in: Self.deadline) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        read.writeBuffer(&bytes)
        guard let length: UInt16 = read.getInteger(at: 0), let answer = read.getBytes(at: 2, length: Int(length)) else {
            return
        }
        finish(answer)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { finish(nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func finish(_ answer: [UInt8]?) {
        timer.cancel()
        // Somebody else's answer is none.
        completion.take()?(answer?.prefix(2) == query.bytes.prefix(2) ? answer : nil)
    }
}

@available(*, unavailable)
extension AnswerHandler: Sendable {}
