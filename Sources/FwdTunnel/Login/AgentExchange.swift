import FwdCore
import FwdOpenSSH
import NIOCore
import NIOPosix

/// One request to an ssh-agent and its answer, on a connection of its own (draft-miller-ssh-agent). Loop-bound.
///
/// The agent may take its time (it may ask a person, or be stopped): nothing waits for it but the login that asked.
final class AgentExchange {
    /// Our choice, for the list of keys: a local process answers at once or not at all.
    static let listDeadline = TimeAmount.seconds(5)
    /// Our choice, for a signature: it may ask a person; what stands behind it must still have time in the login's 30 s.
    static let signDeadline = TimeAmount.seconds(20)

    private let loop: any EventLoop
    private let socket: String
    private let request: [UInt8]
    private let deadline: TimeAmount
    private let timer: LoopTimer
    private var channel: (any Channel)?
    private var completion: ((Result<AgentReply, Cause>) -> Void)?

    /// - Parameter completion: called once, unless `cancel` comes first.
    init(
        socket: String, request: [UInt8], deadline: TimeAmount, on loop: any EventLoop,
        completion: @escaping (Result<AgentReply, Cause>) -> Void
    ) {
        self.loop = loop
        self.socket = socket
        self.completion = completion
        self.request = request
        self.deadline = deadline
        timer = LoopTimer(loop)
    }

    /// The completion may be called from inside.
    func start() {
        timer.set(in: deadline) { [weak self] in
            guard let self else { return }
            fail("has not answered within \(deadline.inSeconds) s")
        }
        connect()
    }

    func cancel() {
        completion = nil
        end()
    }

    private func connect() {
        ClientBootstrap(group: loop)
            .connectTimeout(Self.listDeadline)
            .adding(on: loop) { [self] in try $0.addHandler(AgentReplyHandler(exchange: self)) }
            .connect(unixDomainSocketPath: socket)
            .assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .failure(let error): fail("cannot be reached: \(describe(error))")
                case .success(let channel): send(request, on: channel)
                }
            }
    }

    private func send(_ request: [UInt8], on channel: any Channel) {
        guard completion != nil else { return channel.close(promise: nil) }
        self.channel = channel
        channel.writeAndFlush(ByteBuffer(bytes: request), promise: nil)
    }

    fileprivate func received(_ reply: AgentReply) {
        finish(.success(reply))
    }

    fileprivate func fail(_ what: String) {
        finish(.failure(Cause(.agent, "the ssh-agent at \(socket) \(what)")))
    }

    private func finish(_ result: Result<AgentReply, Cause>) {
        guard let completion = completion.take() else { return }
        end()
        completion(result)
    }

    private func end() {
        timer.cancel()
        channel?.close(promise: nil)
        channel = nil
    }
}

private final class AgentReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private weak var exchange: AgentExchange?
    private var frames = AgentFrames()

    init(exchange: AgentExchange) {
        self.exchange = exchange
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.append(unwrapInboundIn(data).readableBytesView)
        do {
            guard let frame = try frames.next() else { return }
            exchange?.received(try AgentReply(frame))
        } catch {
            exchange?.fail("sent something else than an answer: \(error)")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        exchange?.fail("closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        exchange?.fail("failed: \(describe(error))")
    }
}

extension TimeAmount {
    fileprivate var inSeconds: Int64 { nanoseconds / 1_000_000_000 }
}

@available(*, unavailable)
extension AgentExchange: Sendable {}

@available(*, unavailable)
extension AgentReplyHandler: Sendable {}
