import FwdCore
import FwdOpenSSH
import LibSSH2
import NIOCore

/// One connection that goes as far as the server's proof of its host key, and no further. Loop-bound.
final class HostKeyProbe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    struct Finding: Sendable {
        let key: PublicKey
        /// The host key algorithms in the server's KEXINIT.
        let offered: [String]
    }

    private let transport = TransportBuffers()
    private let ssh: Session
    private let promise: EventLoopPromise<Finding>
    private var channel: (any Channel)?

    /// - Parameter algorithms: what the server may choose from.
    init(algorithms: [String], promise: EventLoopPromise<Finding>) throws(LibSSH2Error) {
        self.promise = promise
        ssh = try Session(transport: transport)
        do throws(LibSSH2Error) {
            try ssh.prefer(SSHSession.Algorithms.keyExchange, for: .keyExchange)
            try ssh.prefer(algorithms, for: .hostKey)
        } catch {
            transport.isClosed = true
            throw error
        }
    }

    func start(on channel: any Channel) throws {
        self.channel = channel
        try channel.pipeline.syncOperations.addHandler(self)
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
        advance()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        transport.received(unwrapInboundIn(data))
        advance()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(Cause(.handshake, "the server closed the connection before it showed a host key"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(Cause(.handshake, "connection failed: \(describe(error))"))
    }

    private func advance() {
        guard !transport.isClosed else { return }
        do throws(LibSSH2Error) {
            let step = try ssh.handshake()
            flush()
            if case .hostKeyOffered = step { found() }
        } catch {
            fail(Cause(.handshake, "key exchange failed: \(printable(error.description))"))
        }
    }

    private func found() {
        guard let key = ssh.hostKey.flatMap({ try? PublicKey(blob: $0) }) else {
            return fail(Cause(.protocol, "the server ended the key exchange without showing a host key"))
        }
        promise.succeed(Finding(key: key, offered: ssh.offeredHostKeyAlgorithms))
        end()
    }

    private func flush() {
        guard let channel, transport.outboundBytes > 0 else { return }
        channel.writeAndFlush(transport.takeOutbound(channel.allocator), promise: nil)
    }

    func fail(_ cause: Cause) {
        promise.fail(cause)
        end()
    }

    private func end() {
        transport.isClosed = true
        channel?.close(promise: nil)
    }
}

@available(*, unavailable)
extension HostKeyProbe: Sendable {}
