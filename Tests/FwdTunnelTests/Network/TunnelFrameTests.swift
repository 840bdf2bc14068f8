import FwdTestSupport
import NIOCore
import Testing

@testable import FwdTunnel

@Suite("Packets of a tun channel") struct TunnelFrameTests {
    static let ipv4: [UInt8] = [0x45, 0, 0, 24] + Array(repeating: 7, count: 20) as [UInt8]
    static let ipv6: [UInt8] = [0x60, 0, 0, 0, 0, 3] + Array(repeating: 9, count: 37)

    private static let others: [[UInt8]] = [[], [0x00], [0x55, 1, 2], [0xF0]]
    private static let impossible: [([UInt8], String)] = [
        ([0, 0, 0, 10, 0x60], "a packet of the unknown address family 10"),
        ([0, 0, 0, 2, 0x60], "a packet of IP version 6 in the family ipv4"),
        ([0, 0, 0, 24, 0x45], "a packet of IP version 4 in the family ipv6"),
        ([0, 0, 0, 2, 0x44, 0, 0, 40], "an IPv4 packet of 40 bytes with a header of 16"),
        ([0, 0, 0, 2, 0x46, 0, 0, 20], "an IPv4 packet of 20 bytes with a header of 24"),
    ]

    private static func frame(_ family: UInt8, _ packet: [UInt8]) -> [UInt8] { [0, 0, 0, family] + packet }

    @Test("have their family before them", arguments: [(ipv4, UInt8(2)), (ipv6, UInt8(24))])
    func encodes(packet: [UInt8], family: UInt8) {
        let frame = packet.withUnsafeBytes { TunnelFrame.encode($0, ByteBufferAllocator()) }
        #expect(frame.map { Array($0.readableBytesView) } == Self.frame(family, packet))
    }

    @Test("are IPv4 or IPv6", arguments: others)
    func refusesOthers(packet: [UInt8]) {
        #expect(packet.withUnsafeBytes { TunnelFrame.encode($0, ByteBufferAllocator()) } == nil)
    }

    @Test("are found whatever the pieces that they come in", arguments: [1, 2, 3, 5, 7, 27, 28, 29, 1000])
    func isFound(piece: Int) throws {
        let packets = [Self.ipv4, Self.ipv6, Self.ipv4, Self.ipv4, Self.ipv6]
        let bytes = packets.flatMap { Self.frame($0[0] == 0x45 ? 2 : 24, $0) }
        var decoder = TunnelFrameDecoder()
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            decoder.append(ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)]))
            while let packet = try decoder.next() { found.append(Array(packet.readableBytesView)) }
        }
        #expect(found == packets)
        #expect(decoder.pendingBytes == 0)
    }

    @Test("that cannot be are named", arguments: impossible)
    func isNamed(bytes: [UInt8], message: String) {
        var decoder = TunnelFrameDecoder()
        decoder.append(ByteBuffer(bytes: bytes))
        #expect(throws: TunnelFrameError(description: message)) { try decoder.next() }
    }

    @Test("of any content end in packets or in an error, and never keep more than one", .timeLimit(.minutes(10)))
    func survivesAnything() {
        let fuzzer = Fuzzer(
            seed: 5, samples: [Self.frame(2, Self.ipv4), Self.frame(24, Self.ipv6) + Self.frame(2, Self.ipv4)],
            tokens: [[0, 0, 0, 2], [0, 0, 0, 24], [0x45, 0, 0xFF, 0xFF], [0x60, 0, 0, 0, 0, 0]])
        var (good, bad) = (0, 0)
        for number in Fuzzer.numbers {
            var decoder = TunnelFrameDecoder()
            decoder.append(ByteBuffer(bytes: fuzzer.input(number)))
            do {
                while let packet = try decoder.next() {
                    #expect((20...65_575).contains(packet.readableBytes))
                    good += 1
                }
                #expect(decoder.pendingBytes < 65_575 + 4)
            } catch {
                bad += 1
            }
        }
        #expect(good > 0 && bad > 0)
    }
}
