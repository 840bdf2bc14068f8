import NIOCore
import Synchronization

extension StreamClient {
    /// The client's side of `TargetBehaviour.exchange`, on a connection of its own.
    /// - Returns: what came down. Compare it with `plan.down`, and `TargetServer.exchanged(seed:)` with `plan.up`.
    public static func exchange(
        host: String = "127.0.0.1", port: UInt16, _ plan: ExchangePlan, within deadline: Duration = .seconds(300),
        connectingWithin connectDeadline: Duration = .seconds(10)
    ) async throws -> ReceivedStream {
        try await with(host: host, port: port, within: connectDeadline) {
            try await $0.exchange(plan, within: deadline)
        }
    }

    /// The same on this connection, which has carried nothing yet.
    public func exchange(_ plan: ExchangePlan, within deadline: Duration = .seconds(300)) async throws -> ReceivedStream
    {
        let limit = stream.limit(to: deadline)
        defer { limit.cancel() }
        try await stream.write(plan.header)
        return try await stream.exchange(plan.up, waitsForPeer: plan.order == .targetFirst, within: deadline)
    }

    public static func exchange(
        host: String = "127.0.0.1", port: UInt16, seed: UInt64, up: UInt64, down: UInt64
    ) async throws -> ReceivedStream {
        try await exchange(host: host, port: port, ExchangePlan(seed: seed, up: up, down: down))
    }

    /// Sends until nothing more is taken for `quiet`: how much a path buffers when its far end does not read.
    /// - Returns: bytes taken, to a chunk; `limit` or more when the path never blocked.
    public func sendUntilBlocked(limit: UInt64, quiet: Duration = .milliseconds(500)) async throws -> UInt64 {
        let chunk = SeededBytes(seed: 0, count: 65_536).buffer(at: 0)
        let progress = Progress()
        while progress.taken.withLock({ $0 }) < limit {
            let before = progress.taken.withLock { $0 }
            stream.channel.writeAndFlush(chunk).whenSuccess {
                progress.taken.withLock { $0 += UInt64(chunk.readableBytes) }
            }
            do {
                try await eventually(within: quiet, "more is taken") { progress.taken.withLock { $0 } > before }
            } catch is DeadlineExceeded {
                return before
            }
        }
        return progress.taken.withLock { $0 }
    }
}

private final class Progress: Sendable {
    let taken = Mutex<UInt64>(0)
}
