import Testing

@testable import BenchLine

@Suite("The queue of a line")
struct LineQueueTests {
    /// 1 byte each nanosecond.
    private let conditions = LineConditions(roundTrip: .microseconds(20), bitsPerSecond: 8_000_000_000, capacity: 1000)

    @Test("a packet on a free line takes its own time on the wire, and half the round trip")
    func free() {
        var queue = LineQueue(conditions)
        #expect(queue.admit(wireBytes: 100, at: 5000) == 15_100)
        #expect(queue.admit(wireBytes: 100, at: 50_000) == 60_100)
    }

    @Test("packets that come together leave one after the other, at the line's rate")
    func pacing() {
        var queue = LineQueue(conditions)
        let times = (0..<3).map { _ in queue.admit(wireBytes: 300, at: 0) }
        #expect(times == [10_300, 10_600, 10_900])
        #expect(queue.admit(wireBytes: 100, at: 500) == 11_000)
    }

    @Test("what finds the queue full is lost, and takes no time on the line")
    func full() {
        var queue = LineQueue(conditions)
        #expect(queue.admit(wireBytes: 600, at: 0) == 10_600)
        #expect(queue.admit(wireBytes: 500, at: 0) == nil)
        #expect(queue.admit(wireBytes: 400, at: 0) == 11_000)
        #expect(queue.admit(wireBytes: 1, at: 0) == nil)
        // 500 bytes have left by then.
        #expect(queue.admit(wireBytes: 500, at: 500) == 11_500)
    }

    @Test("a packet larger than the queue passes a free line")
    func large() {
        var queue = LineQueue(conditions)
        #expect(queue.admit(wireBytes: 5000, at: 0) == 15_000)
    }

    @Test("a second of full load carries what the line can carry, and no more")
    func rate() {
        let conditions = LineConditions(roundTrip: .milliseconds(100))
        var queue = LineQueue(conditions)
        var carried = 0
        for tick in 0..<2_000_000 {
            let now = Int64(tick) * 1000
            if let due = queue.admit(wireBytes: 1538, at: now), due <= 1_050_000_000 { carried += 1538 }
        }
        #expect(abs(carried - 125_000_000) < 2000)
    }

    @Test("TCP can carry 117.7 MB/s at 1 Gbit/s")
    func goodput() {
        #expect(abs(LineConditions(roundTrip: .zero).goodput - 117.685) < 0.001)
    }
}

@Suite("Packets under way")
struct PacketsUnderWayTests {
    @Test("they come out in order, when they are due, and not before")
    func order() {
        var packets = PacketsUnderWay<Int>()
        #expect(packets.nextDue == nil)
        for number in 0..<5000 { packets.append(number, due: Int64(number) * 10) }
        #expect(packets.nextDue == 0)
        var out: [Int] = []
        for now in stride(from: Int64(5), to: 60_000, by: 50) {
            while let packet = packets.popDue(by: now) {
                out.append(packet)
                #expect(Int64(packet) * 10 <= now)
            }
        }
        #expect(out == Array(0..<5000))
        #expect(packets.isEmpty)
    }
}

@Suite("Bytes on the wire")
struct WireSizeTests {
    @Test("a small packet takes the smallest frame")
    func small() {
        #expect(size([UInt8](repeating: 0, count: 20), segment: 0) == 84)
        #expect(size(ipPacket(payload: 0), segment: 0) == 90)
    }

    @Test("a packet of segments takes a frame for each of them")
    func segments() {
        #expect(size(ipPacket(payload: 1448), segment: 0) == 1538)
        #expect(size(ipPacket(payload: 2896), segment: 1448) == 2 * 1538)
        #expect(size(ipPacket(payload: 2996), segment: 1448) == 2 * 1538 + 190)
        #expect(size(ipPacket(payload: 100), segment: 1448) == 190)
    }

    @Test("what is no TCP packet counts as it is, and nothing of it is trusted")
    func strange() {
        #expect(size([UInt8](repeating: 0xff, count: 1000), segment: 100) == 1038)
        var lying = ipPacket(payload: 10)
        lying[0] = 0x4f
        #expect(size(lying, segment: 5) == 100)
    }

    private func size(_ packet: [UInt8], segment: Int) -> Int {
        packet.withUnsafeBytes { WireSize.of($0, segmentSize: segment) }
    }

    /// IPv4, and TCP with timestamps: 52 bytes of headers.
    private func ipPacket(payload: Int) -> [UInt8] {
        var packet = [UInt8](repeating: 0, count: 52 + payload)
        (packet[0], packet[9], packet[32]) = (0x45, 6, 0x80)
        return packet
    }
}
