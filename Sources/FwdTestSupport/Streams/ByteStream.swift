import Foundation
import NIOCore
import NIOPosix

/// One TCP connection as a test sees it: read on demand, written with backpressure, each direction closed by itself.
///
/// Nothing waits without a deadline: a read that has waited too long gives `.timeout` and can be repeated; a write that
/// has waited too long ends the connection.
public final class ByteStream: Sendable {
    public static let patience = Duration.seconds(30)

    public let channel: any Channel
    private let handler: NIOLoopBound<StreamHandler>

    /// On the channel's loop.
    init(_ channel: any Channel, _ handler: StreamHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Makes the channel one that is read on demand and half-closed. On the channel's loop.
    static func configure(_ channel: any Channel) throws -> ByteStream {
        let options = channel.syncOptions!
        try options.setOption(.autoRead, value: false)
        try options.setOption(.allowRemoteHalfClosure, value: true)
        try options.setOption(.maxMessagesPerRead, value: 1)
        if channel.remoteAddress?.port != nil { try options.setOption(.tcpOption(.tcp_nodelay), value: 1) }
        let handler = StreamHandler()
        try channel.pipeline.syncOperations.addHandler(handler)
        return ByteStream(channel, handler)
    }

    /// The next bytes, at most `readSize`, or the end.
    public func read(within deadline: Duration = patience) async -> StreamRead {
        let read = channel.eventLoop.flatSubmit { [handler, loop = channel.eventLoop] in
            handler.value.read(within: TimeAmount(deadline), on: loop)
        }
        return (try? await read.get()) ?? .end(.reset(ENOTCONN))
    }

    /// Returns when the kernel has taken all of it.
    public func write(_ bytes: ByteBuffer, within deadline: Duration = patience) async throws {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(deadline)) { [handler] in handler.value.expire() }
        defer { timer.cancel() }
        do {
            try await channel.writeAndFlush(bytes)
        } catch {
            throw await failure("cannot send \(bytes.readableBytes) bytes", error)
        }
    }

    public func write(_ text: String, within deadline: Duration = patience) async throws {
        try await write(ByteBuffer(string: text), within: deadline)
    }

    /// Half-close: no more bytes from here; those of the peer still come.
    public func finish() async throws {
        do {
            try await channel.close(mode: .output)
        } catch ChannelError.outputClosed, ChannelError.alreadyClosed {
            return
        } catch {
            throw await failure("cannot half-close", error)
        }
    }

    public func close() async {
        try? await channel.close()
    }

    /// Aborts: the peer gets RST.
    public func reset() async {
        try? await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await close()
    }

    /// From now on at most this long; then every operation gives `.timeout`.
    func limit(to deadline: Duration) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: TimeAmount(deadline)) { [handler] in handler.value.expire() }
    }

    private func failure(_ what: String, _ error: any Error) async -> StreamFailure {
        if let error = error as? IOError { return StreamFailure(what, .reset(error.errnoCode)) }
        let end = try? await channel.eventLoop.submit { [handler] in handler.value.end }.get()
        return StreamFailure(what, end ?? .eof)
    }
}

/// The loops that carry the tests' own traffic, apart from those of the code under test.
enum TestLoops {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
}
