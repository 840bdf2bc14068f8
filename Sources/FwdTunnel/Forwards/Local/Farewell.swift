import NIOCore

/// Ends a near connection whose client was told why: sends what is written and FIN, and lets the client end its side.
///
/// Closing at once, over bytes that the client has sent and nobody has read, would be a reset, which may overtake the
/// words. Loop-bound; it holds itself until the connection is closed.
final class Farewell: NearConnectionOwner {
    /// Our choice: time for the words to arrive, not for a client that goes on talking.
    private static let patience = TimeAmount.seconds(2)

    private let near: any Channel
    private let timer: LoopTimer

    init(_ near: any Channel) {
        self.near = near
        timer = LoopTimer(near.eventLoop)
    }

    func start(on handler: RelayHandler) {
        handler.owner = self
        near.closeFuture.assumeIsolated().whenComplete { _ in self.timer.cancel() }
        timer.set(in: Self.patience) { [weak self] in self?.end() }
        near.close(mode: .output, promise: nil)
        near.read()
    }

    private func end() { near.close(promise: nil) }

    func nearBecameActive() { near.read() }
    func nearReceived(_ bytes: ByteBuffer) {}
    func nearReadCompleted() { near.read() }
    func nearEnded() { end() }
    func nearBecameWritable() {}
    func nearFailed() { end() }
    func nearClosed() {}
}

@available(*, unavailable)
extension Farewell: Sendable {}
