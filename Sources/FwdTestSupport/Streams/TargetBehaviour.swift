import NIOCore

/// What a `TargetServer` does with a connection. When `serve` returns or throws, the connection is closed.
public struct TargetBehaviour: Sendable {
    let serve: @Sendable (ByteStream, ServerState) async throws -> Void
    /// The most that one read takes.
    var readSize = SeededBytes.chunkSize
    /// `SO_RCVBUF`, where the kernel should hold little of what is not read.
    var kernelBuffer: Int?

    init(
        readSize: Int = SeededBytes.chunkSize, kernelBuffer: Int? = nil,
        _ serve: @escaping @Sendable (ByteStream, ServerState) async throws -> Void
    ) {
        self.serve = serve
        self.readSize = readSize
        self.kernelBuffer = kernelBuffer
    }

    /// A test's own.
    public static func custom(_ serve: @escaping @Sendable (ByteStream) async throws -> Void) -> TargetBehaviour {
        TargetBehaviour { stream, _ in try await serve(stream) }
    }

    /// Sends back what it receives; its EOF follows the peer's.
    public static let echo = custom { try await $0.echo() }

    /// Sends its name, then echoes.
    public static func identity(_ name: String) -> TargetBehaviour {
        custom { stream in
            try await stream.write(name)
            try await stream.echo()
        }
    }

    /// Sends a text and closes.
    public static func greeting(_ text: String) -> TargetBehaviour {
        custom { try await $0.write(text) }
    }

    /// Reads to EOF, then answers "<SHA-256> <count>\n" and closes.
    public static let sink = custom { try await $0.answerDigest() }

    /// Sends a seeded stream, then EOF, and waits for the peer's.
    public static func source(seed: UInt64, count: UInt64) -> TargetBehaviour {
        custom { stream in
            try await stream.write(SeededBytes(seed: seed, count: count))
            try await stream.finish()
            _ = await stream.readToEnd()
        }
    }

    /// Like `sink`, but reads a piece at a time with a pause after each.
    public static func slowReader(pieceSize: Int = 4096, pause: Duration = .milliseconds(10)) -> TargetBehaviour {
        TargetBehaviour(readSize: pieceSize, kernelBuffer: 65_536) { stream, _ in
            try await stream.answerDigest { try await ContinuousClock().sleep(for: pause) }
        }
    }

    /// Accepts and never reads a byte, until the connection breaks or the server stops.
    public static let neverReads = TargetBehaviour(kernelBuffer: 65_536) { stream, _ in
        try await stream.channel.closeFuture.get()
    }

    /// Closes what it accepts.
    public static let closesAtOnce = custom { _ in }

    /// Aborts what it accepts (RST).
    public static let resets = custom { await $0.reset() }
}

extension ByteStream {
    func echo() async throws {
        while case .bytes(let bytes) = await read(within: .seconds(600)) { try await write(bytes) }
        try await finish()
    }

    func answerDigest(between pause: () async throws -> Void = {}) async throws {
        var digest = StreamDigest()
        while case .bytes(let bytes) = await read(within: .seconds(600)) {
            digest.update(bytes)
            try await pause()
        }
        try await write("\(digest.sha256) \(digest.count)\n")
    }
}
