import FwdTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import FwdTunnel

@Suite("A near connection")
struct RelayHandlerTests {
    private final class Received: Sendable {
        let text = Mutex("")
    }

    /// Asks for a read before the connection is registered, and again when it is told that it may.
    private final class EarlyReader: NearConnectionOwner {
        let near: any Channel
        let received: Received

        init(_ near: any Channel, _ received: Received) {
            self.near = near
            self.received = received
            near.read()
        }

        func nearBecameActive() { near.read() }
        func nearReceived(_ bytes: ByteBuffer) { received.text.withLock { $0 += String(buffer: bytes) } }
        func nearReadCompleted() {}
        func nearEnded() {}
        func nearBecameWritable() {}
        func nearFailed() {}
        func nearClosed() {}
    }

    @Test("tells when it may be read: what was asked for before it was registered is forgotten")
    func tellsThatItIsActive() async throws {
        let received = Received()
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group.next())
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { near in
                near.eventLoop.makeCompletedFuture {
                    let handler = RelayHandler()
                    let owner = EarlyReader(near, received)
                    handler.owner = owner
                    try near.pipeline.syncOperations.addHandler(handler)
                    let kept = NIOLoopBound(owner, eventLoop: near.eventLoop)
                    near.closeFuture.whenComplete { _ in withExtendedLifetime(kept) {} }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await StreamClient.with(port: UInt16(port)) { client in
            try await client.send("hello")
            try await eventually("the bytes are read") {
                received.text.withLock { $0 } == "hello"
            }
        }
        try await server.close()
    }
}
