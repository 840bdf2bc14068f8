import BenchSystem
import Testing

@testable import BenchStreams

@Suite("Streams and their target")
struct StreamTests {
    @Test("an order survives its bytes, and others are refused")
    func orders() {
        let order = TargetOrder(deed: .sink, number: 0x0123_4567_89ab_cdef)
        #expect(TargetOrder(bytes: order.bytes) == order)
        #expect(TargetOrder(bytes: order.bytes.dropLast()) == nil)
        #expect(TargetOrder(bytes: [0] + order.bytes.dropFirst()) == nil)
    }

    @Test("the hash depends on every byte and on the key, not on how the stream is cut")
    func hash() {
        let key = StreamHash.Key()
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let whole = hash([bytes], key)
        #expect(hash([Array(bytes[..<333]), Array(bytes[333...])], key) == whole)
        var other = bytes
        other[999] ^= 1
        #expect(hash([other], key) != whole)
        #expect(hash([Array(bytes.dropLast())], key) != whole)
        #expect(hash([bytes], StreamHash.Key()) != whole)
    }

    @Test("whole streams arrive, in both directions and several at once", arguments: Direction.allCases, [1, 5])
    func bulk(direction: Direction, relays: Int) throws {
        let target = try TargetServer()
        defer { target.stop() }
        let bulk = Bulk(direction, relays: relays, duration: .milliseconds(500))
        let result = try bulk.run(through: target.worker, to: target)
        #expect(result.bytes >= relays * 256 * 1024)
        #expect(result.seconds > 0.1)
        #expect(result.megabytesPerSecond > 1)
    }

    @Test(
        "a byte that was changed on the way, or lost at its end, is noticed", arguments: Direction.allCases,
        [false, true])
    func tampering(direction: Direction, losing: Bool) throws {
        let target = try TargetServer()
        defer { target.stop() }
        let relay = try TamperingRelay(to: target.worker, losing: losing)
        defer { relay.stop() }
        #expect(throws: BenchError.self) {
            try Bulk(direction, duration: .milliseconds(100)).run(through: relay.endpoint, to: target)
        }
    }

    @Test("round trips, greetings and held connections")
    func others() throws {
        let target = try TargetServer()
        defer { target.stop() }
        let times = try RoundTrips(through: target.worker).run { $0 >= 100 }
        #expect(times.count == 100)
        #expect(times.allSatisfy { $0 > 0 && $0 < 1 })
        let greetings = Greetings(through: target.greeter)
        #expect(try greetings.rate(clients: 4, duration: .milliseconds(500)) > 10)
        let burst = try greetings.burst(of: 20)
        #expect(burst.count == 20 && burst == burst.sorted())
        let held = try HeldConnections(40, through: target.worker)
        #expect(held.count == 40)
        held.closeAll()
    }

    @Test("the timeline of a transfer adds up to its bytes")
    func timeline() throws {
        var end = StreamSummary()
        let start = Moment(nanoseconds: 1_000_000_000)
        end.note(10_000_000, at: start + .milliseconds(50))
        end.note(20_000_000, at: start + .milliseconds(150))
        end.note(5_000_000, at: start + .milliseconds(250))
        let result = BulkResult(start: start, ends: [end, end])
        // The last tenth of a second is not a whole one.
        #expect(result.timeline == [200, 400])
        #expect(result.bytes == 70_000_000)
        #expect(result.seconds == 0.25)
        #expect(result.megabytesPerSecond(after: .milliseconds(100)) == 400)
        #expect(result.megabytesPerSecond(after: .seconds(1)) == nil)
    }

    private func hash(_ parts: [[UInt8]], _ key: StreamHash.Key) -> StreamHash.Value {
        let hash = StreamHash(key: key)
        for part in parts { part.withUnsafeBytes { hash.update($0) } }
        return hash.finish()
    }
}
