import NIOCore
import Testing

@testable import FwdTunnel

@Suite("The queue before a tunnel") struct PacketQueueTests {
    private let start = ContinuousClock.now

    private func packet(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 1, count: count) }

    @Test("takes what fits, and no more")
    func isBounded() {
        var queue = PacketQueue()
        let limit = PacketQueue.Policy.byteLimit
        #expect(queue.append(packet(limit - 10), now: start))
        #expect(!queue.append(packet(11), now: start))
        #expect(queue.append(packet(10), now: start))
        #expect(queue.byteCount == limit)
        #expect(queue.removeFirst()?.readableBytes == limit - 10)
        #expect(queue.append(packet(11), now: start))
        #expect(queue.byteCount == 21)
    }

    @Test("gives packets in their order")
    func keepsOrder() {
        var queue = PacketQueue()
        for count in 1...5 { #expect(queue.append(packet(count), now: start)) }
        #expect(queue.first?.readableBytes == 1)
        #expect((1...5).map { _ in queue.removeFirst()?.readableBytes } == [1, 2, 3, 4, 5])
        #expect(queue.isEmpty)
        #expect(queue.removeFirst() == nil)
        #expect(queue.byteCount == 0)
    }

    @Test("forgets what has waited for too long, from its head")
    func forgetsLate() {
        var queue = PacketQueue()
        let limit = PacketQueue.Policy.ageLimit
        #expect(queue.append(packet(1), now: start))
        #expect(queue.append(packet(2), now: start + .milliseconds(50)))
        #expect(queue.append(packet(3), now: start + limit))
        #expect(queue.dropLate(now: start + limit) == 0)
        #expect(queue.dropLate(now: start + limit + .milliseconds(51)) == 2)
        #expect(queue.first?.readableBytes == 3)
        #expect(queue.byteCount == 3)
        #expect(queue.removeAll() == 1)
        #expect(queue.isEmpty && queue.byteCount == 0)
    }
}
