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
        let first = [limit - 10, 11, 10].map { queue.append(packet($0), now: start) }
        #expect(first == [true, false, true])
        #expect(queue.byteCount == limit)
        let removed = queue.removeFirst()
        #expect(removed?.readableBytes == limit - 10)
        let hasRoom = queue.append(packet(11), now: start)
        #expect(hasRoom)
        #expect(queue.byteCount == 21)
    }

    @Test("gives packets in their order")
    func keepsOrder() {
        var queue = PacketQueue()
        for count in 1...5 { _ = queue.append(packet(count), now: start) }
        #expect(queue.first?.readableBytes == 1)
        let removed = (1...6).map { _ in queue.removeFirst()?.readableBytes }
        #expect(removed == [1, 2, 3, 4, 5, nil])
        #expect(queue.isEmpty)
        #expect(queue.byteCount == 0)
    }

    @Test("forgets what has waited for too long, from its head")
    func forgetsLate() {
        var queue = PacketQueue()
        let limit = PacketQueue.Policy.ageLimit
        for (count, delay) in [(1, Duration.zero), (2, .milliseconds(50)), (3, limit)] {
            _ = queue.append(packet(count), now: start + delay)
        }
        let counts = [limit, limit + .milliseconds(51)].map { queue.dropLate(now: start + $0) }
        #expect(counts == [0, 2])
        #expect(queue.first?.readableBytes == 3)
        #expect(queue.byteCount == 3)
        let rest = queue.removeAll()
        #expect(rest == 1)
        #expect(queue.isEmpty && queue.byteCount == 0)
    }
}
