import NIOCore
import Synchronization

/// A TCP server on loopback that breaks the SSH protocol by a script, and keeps book of what the client does.
public final class HostileServer: Sendable {
    /// One connection, as it stands.
    public struct Connection: Equatable, Sendable {
        /// Bytes that the client's kernel has taken.
        public fileprivate(set) var bytesSent: UInt64 = 0
        public fileprivate(set) var bytesReceived: UInt64 = 0
        /// The first 64 KiB of what the client sent.
        public fileprivate(set) var received = ByteBuffer()
        /// How the client ended it; `nil` while it is open.
        public fileprivate(set) var end: StreamEnd?

        /// The numbers of the plaintext messages that the client sent after its banner (20 is KEXINIT).
        public var messageNumbers: [UInt8] { SSHWire.messageNumbers(in: received) }
        /// Whether the client came as far as to encrypt, without which it cannot authenticate.
        public var hasNewKeys: Bool { messageNumbers.contains(SSHWire.Message.newKeys) }
    }

    public let port: UInt16
    public var host: String { server.host }
    private let server: TargetServer
    private let book: Book

    private init(server: TargetServer, book: Book) {
        self.server = server
        self.book = book
        port = server.port
    }

    /// Every connection since the start, in the order of arrival.
    public var connections: [Connection] { book.connections.withLock { $0 } }

    public static func start(_ script: HostileScript, port: UInt16 = 0) async throws -> HostileServer {
        let book = Book()
        let server = try await TargetServer.start(.custom { try await book.serve($0, script) }, port: port)
        return HostileServer(server: server, book: book)
    }

    public func stop() async {
        await server.stop()
    }

    /// Runs `body` with a server.
    public static func with<Result>(
        _ script: HostileScript, port: UInt16 = 0, isolation: isolated (any Actor)? = #isolation,
        _ body: (HostileServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(script, port: port)
        return try await withCleanUp {
            try await body(server)
        } cleanUp: {
            await server.stop()
        }
    }
}

/// A connection of a `HostileServer`, as its script sees it.
struct HostilePeer: Sendable {
    let stream: ByteStream
    fileprivate let book: Book
    fileprivate let index: Int

    func send(_ bytes: ByteBuffer) async throws {
        try await stream.write(bytes)
        book.update(index) { $0.bytesSent += UInt64(bytes.readableBytes) }
    }

    func send(_ text: String) async throws {
        try await send(ByteBuffer(string: text))
    }

    /// Until the client closes, or takes nothing for as long as a stream is patient.
    func sendForEver(_ unit: ByteBuffer) async throws {
        var chunk = ByteBuffer()
        while chunk.readableBytes < 65_536 { chunk.writeImmutableBuffer(unit) }
        while true { try await send(chunk) }
    }
}

private final class Book: Sendable {
    let connections = Mutex<[HostileServer.Connection]>([])

    func update(_ index: Int, _ change: (inout HostileServer.Connection) -> Void) {
        connections.withLock { change(&$0[index]) }
    }

    func serve(_ stream: ByteStream, _ script: HostileScript) async throws {
        let index = connections.withLock { connections in
            connections.append(HostileServer.Connection())
            return connections.count - 1
        }
        async let ended: Void = listen(to: stream, index)
        try? await script.play(HostilePeer(stream: stream, book: self, index: index))
        if script.closes { try await stream.finish() }
        await ended
    }

    private func listen(to stream: ByteStream, _ index: Int) async {
        while true {
            switch await stream.read(within: .seconds(600)) {
            case .bytes(let bytes): update(index) { $0.take(bytes) }
            case .end(let end): return update(index) { $0.end = end }
            }
        }
    }
}

extension HostileServer.Connection {
    fileprivate mutating func take(_ bytes: ByteBuffer) {
        bytesReceived += UInt64(bytes.readableBytes)
        let room = max(0, 65_536 - received.readableBytes)
        received.writeImmutableBuffer(bytes.getSlice(at: bytes.readerIndex, length: min(room, bytes.readableBytes))!)
    }
}
