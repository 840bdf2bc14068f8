import FwdCore
import NIOCore

/// `-D`: a connection leads to what its client asks for, in SOCKS or with HTTP's CONNECT. Loop-bound.
///
/// ```
/// (first byte) -> reading --request--> (asked for) --channel--> granted
///       |            | nonsense, deadline    | not permitted, refused
///       v            v                       v
///     reset        refused                refused
/// ```
///
/// The client is told when the channel is there, or that there will be none, and not before.
final class ProxyIntake: ConnectionIntake {
    /// Our choices.
    enum Policy {
        /// For the whole request. A client that has something to ask for does so at once.
        static let deadline = TimeAmount.seconds(10)
        /// Bytes of a request. Browsers send some hundred to a proxy, with credentials for it some more.
        static let longestRequest = 16 * 1024
    }

    private let admission: Admission
    private let deadline: TimeAmount
    private var near: (any Channel)?
    private var completion: ((Result<ForwardSpec.Destination, IntakeFailure>) -> Void)?
    private var timer: LoopTimer?
    private var spoken: ProxyProtocol?
    private var reader: (any ProxyRequestReader)?
    /// What has come and belongs to no request that was read.
    private var unread = ByteBuffer()
    private var answer: ProxyAnswer?

    init(_ admission: Admission, deadline: TimeAmount = Policy.deadline) {
        self.admission = admission
        self.deadline = deadline
    }

    func findDestination(
        of near: any Channel, completion: @escaping (Result<ForwardSpec.Destination, IntakeFailure>) -> Void
    ) {
        self.near = near
        self.completion = completion
        let timer = LoopTimer(near.eventLoop)
        self.timer = timer
        timer.set(in: deadline) { [weak self] in
            self?.fail(nil, "the client has not said in time where it wants to be connected to")
        }
    }

    var leftover: [ByteBuffer] { unread.readableBytes > 0 ? [unread] : [] }

    func received(_ bytes: ByteBuffer) {
        var bytes = bytes
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeBuffer(&bytes) }
        if completion != nil { read() }
    }

    // MARK: - The request

    private func read() {
        do throws(ProxyAnswer) {
            guard let request = try reading()?.read(&unread) else { return checkLength() }
            asked(for: request)
        } catch {
            fail(error, "the client's request is not one that can be carried: \(error)")
        }
    }

    /// - Returns: `nil`: it is not known yet in which protocol the client speaks, or it is none of ours.
    private func reading() throws(ProxyAnswer) -> (any ProxyRequestReader)? {
        if let reader { return reader }
        guard let near, let first = unread.getInteger(at: unread.readerIndex, as: UInt8.self) else { return nil }
        guard let spoken = ProxyProtocol(firstByte: first) else {
            fail(nil, "the client speaks neither SOCKS nor HTTP")
            return nil
        }
        self.spoken = spoken
        do {
            reader = try Self.reader(for: spoken, near)
        } catch {
            // The connection is being closed.
            throw .failed
        }
        return reader
    }

    private static func reader(for spoken: ProxyProtocol, _ near: any Channel) throws -> any ProxyRequestReader {
        switch spoken {
        case .socks4: SOCKS4Reader()
        case .socks5: try SOCKS5Reader(near)
        case .http: try HTTPConnectReader(near)
        }
    }

    private func checkLength() {
        guard completion != nil, unread.readableBytes > Policy.longestRequest else { return }
        fail(.malformed, "the client's request has more than \(Policy.longestRequest) bytes")
    }

    private func asked(for request: ProxyRequest) {
        guard admission.permits(request.host, port: request.port, for: near?.remoteAddress) else {
            return fail(.notAllowed, "\(request.endpoint) is not among what this forward permits", as: .notAllowed)
        }
        settle()?(.success(.host(request.endpoint)))
    }

    /// - Parameter answer: `nil`: nothing that the client would understand.
    private func fail(_ answer: ProxyAnswer?, _ message: String, as result: RelayResult = .badRequest) {
        self.answer = answer
        if answer == nil { spoken = nil }
        settle()?(
            .failure(IntakeFailure(result: result, cause: Cause(.requested, message), isTrouble: false)))
    }

    private func settle() -> ((Result<ForwardSpec.Destination, IntakeFailure>) -> Void)? {
        timer?.cancel()
        reader?.leave()
        reader = nil
        return completion.take()
    }

    // MARK: - The answer

    func opened(_ near: any Channel) {
        guard let spoken else { return }
        near.writeAndFlush(spoken.bytes(of: .granted, reason: ""), promise: nil)
    }

    func failed(_ near: any Channel, _ cause: Cause) -> Bool {
        guard let spoken else { return false }
        near.writeAndFlush(spoken.bytes(of: answer ?? ProxyAnswer(cause), reason: cause.message), promise: nil)
        return true
    }

    func dismissed() {
        _ = settle()
    }
}

@available(*, unavailable)
extension ProxyIntake: Sendable {}
