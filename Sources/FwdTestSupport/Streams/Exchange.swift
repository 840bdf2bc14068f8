import NIOCore
import Synchronization

extension TargetBehaviour {
    /// Reads an `ExchangePlan`, then sends and receives at the same time. What it has received is found by
    /// `TargetServer.exchanged(seed:)`.
    public static let exchange = TargetBehaviour { stream, state in
        var received = ByteBuffer()
        while received.readableBytes < ExchangePlan.headerSize {
            guard case .bytes(var bytes) = await stream.read() else { return }
            received.writeBuffer(&bytes)
        }
        guard let plan = ExchangePlan(header: &received) else { return }
        state.streams.withLock { $0.exchanges += 1 }
        var digest = StreamDigest()
        digest.update(received)
        let up = try await stream.exchange(
            plan.down, after: digest, waitsForPeer: plan.order == .clientFirst, within: ByteStream.patience)
        state.exchanges.withLock { $0[plan.seed] = up }
    }
}

extension ByteStream {
    /// Sends a stream while receiving another, and half-closes.
    /// - Parameters:
    ///   - digest: of what has been received already.
    ///   - waitsForPeer: whether the half-close waits for the peer's.
    func exchange(
        _ outgoing: SeededBytes, after digest: StreamDigest = StreamDigest(), waitsForPeer: Bool,
        within deadline: Duration
    ) async throws -> ReceivedStream {
        async let received = readToEnd(within: deadline, into: digest)
        var failure: (any Error)?
        do {
            try await write(outgoing, within: deadline)
            if waitsForPeer { _ = await received }
            try await finish()
        } catch {
            failure = error
            // What was received, and how that ended, tells more than the failed write.
        }
        let result = await received
        if let failure, result.end == .eof { throw failure }
        return result
    }
}
