import Foundation
import NIOCore
import NIOPosix

/// The client end of a forward.
public struct StreamClient: Sendable {
    public let stream: ByteStream

    /// - Throws: `StreamFailure`, with the errno where the connection was refused.
    public static func connect(
        host: String = "127.0.0.1", port: UInt16, within deadline: Duration = .seconds(10)
    ) async throws -> StreamClient {
        do {
            return try await ClientBootstrap(group: TestLoops.group)
                .connectTimeout(TimeAmount(deadline))
                .channelOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: SeededBytes.chunkSize)
                )
                .connect(host: host, port: Int(port)) { channel in
                    channel.eventLoop.makeCompletedFuture { StreamClient(stream: try ByteStream.configure(channel)) }
                }
        } catch {
            throw StreamFailure("cannot connect to \(host):\(port)", end(of: error))
        }
    }

    /// Connects to a Unix socket.
    public static func connect(path: String) async throws -> StreamClient {
        do {
            return try await ClientBootstrap(group: TestLoops.group)
                .channelOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: SeededBytes.chunkSize)
                )
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { StreamClient(stream: try ByteStream.configure(channel)) }
                }
        } catch {
            throw StreamFailure("cannot connect to \(path)", end(of: error))
        }
    }

    /// Connects, runs `body` and closes.
    public static func with<Result>(
        host: String = "127.0.0.1", port: UInt16, within deadline: Duration = .seconds(10),
        isolation: isolated (any Actor)? = #isolation, _ body: (StreamClient) async throws -> Result
    ) async throws -> Result {
        let client = try await connect(host: host, port: port, within: deadline)
        return try await withCleanUp {
            try await body(client)
        } cleanUp: {
            await client.close()
        }
    }

    private static func end(of error: any Error) -> StreamEnd {
        switch error {
        case ChannelError.connectTimeout: .timeout
        case let error as IOError: .reset(error.errnoCode)
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { end(of: $0.error) } ?? .reset(EHOSTUNREACH)
        default: .reset(EIO)
        }
    }

    public func send(_ text: String, within deadline: Duration = ByteStream.patience) async throws {
        try await stream.write(text, within: deadline)
    }

    public func send(_ source: SeededBytes, within deadline: Duration = ByteStream.patience) async throws {
        try await stream.write(source, within: deadline)
    }

    public func halfClose() async throws { try await stream.finish() }
    public func close() async { await stream.close() }
    public func reset() async { await stream.reset() }

    /// Everything until the stream ends, as text.
    public func receive(within deadline: Duration = ByteStream.patience) async -> (text: String, end: StreamEnd) {
        var text = ByteBuffer()
        while true {
            switch await stream.read(within: deadline) {
            case .bytes(var bytes): text.writeBuffer(&bytes)
            case .end(let end): return (String(buffer: text), end)
            }
        }
    }

    /// At least `count` bytes as text, or what came before the end.
    public func receive(count: Int, within deadline: Duration = ByteStream.patience) async -> String {
        var text = ByteBuffer()
        while text.readableBytes < count, case .bytes(var bytes) = await stream.read(within: deadline) {
            text.writeBuffer(&bytes)
        }
        return String(buffer: text)
    }

    /// Everything until the stream ends, as hash.
    public func receiveDigest(within deadline: Duration = ByteStream.patience) async -> ReceivedStream {
        await stream.readToEnd(within: deadline)
    }
}
