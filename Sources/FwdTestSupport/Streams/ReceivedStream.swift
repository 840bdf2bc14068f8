import NIOCore

/// What came in one direction of a connection: its length, its hash and how it ended.
public struct ReceivedStream: Equatable, Sendable {
    public let count: UInt64
    public let sha256: String
    public let end: StreamEnd

    init(_ digest: StreamDigest, _ end: StreamEnd) {
        count = digest.count
        sha256 = digest.sha256
        self.end = end
    }

    /// Whether it is exactly this stream, with a proper end.
    public func isExactly(_ expected: SeededBytes) -> Bool {
        end == .eof && count == expected.count && sha256 == expected.sha256
    }
}

extension ByteStream {
    /// Sends a whole seeded stream, a chunk at a time.
    public func write(_ source: SeededBytes, within deadline: Duration = patience) async throws {
        var position: UInt64 = 0
        var chunk = ByteBuffer()
        while position < source.count {
            source.fill(&chunk, at: position)
            position += UInt64(chunk.readableBytes)
            try await write(chunk, within: deadline)
        }
    }

    /// Reads until the stream ends, keeping only the hash.
    /// - Parameter deadline: for each read, not for the whole.
    public func readToEnd(within deadline: Duration = patience, into digest: StreamDigest = StreamDigest()) async
        -> ReceivedStream
    {
        var digest = digest
        while true {
            switch await read(within: deadline) {
            case .bytes(let bytes): digest.update(bytes)
            case .end(let end): return ReceivedStream(digest, end)
            }
        }
    }
}
