import FwdTestSupport
import NIOCore
import Testing

@testable import FwdTunnel

@Suite("The segment size of TCP through a tunnel") struct SegmentSizeClampTests {
    private static let source4: [UInt8] = [10, 1, 0, 5]
    private static let target4: [UInt8] = [10, 2, 0, 6]
    private static let source6: [UInt8] = [0xFD, 1] + Array(repeating: 0, count: 13) + [5]
    private static let target6: [UInt8] = [0xFD, 2] + Array(repeating: 0, count: 13) + [6]
    private static let size1460: [UInt8] = [2, 4, 0x05, 0xB4]

    /// A TCP header with a right checksum, behind an IP header.
    private static func packet(
        isIPv6: Bool, flags: UInt8 = 0x02, options: [UInt8] = size1460, fragment: UInt8 = 0, protocol number: UInt8 = 6
    ) -> [UInt8] {
        let padded = options + Array(repeating: 0, count: (4 - options.count % 4) % 4)
        let words = UInt8(5 + padded.count / 4)
        var tcp: [UInt8] =
            [0x30, 0x39, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, words << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0] + padded
        let sum = checksum(of: tcp, isIPv6: isIPv6)
        (tcp[16], tcp[17]) = (UInt8(sum >> 8), UInt8(sum & 0xFF))
        if isIPv6 { return [0x60, 0, 0, 0, 0, UInt8(tcp.count), number, 64] + source6 + target6 + tcp }
        let head: [UInt8] = [0x45, 0, 0, UInt8(20 + tcp.count), 0, 1, 0, fragment, 64, number, 0, 0]
        return head + source4 + target4 + tcp
    }

    /// From nothing but RFC 9293 section 3.1.
    private static func checksum(of tcp: [UInt8], isIPv6: Bool) -> UInt16 {
        let addresses = isIPv6 ? source6 + target6 : source4 + target4
        return InternetChecksum.of(addresses + [0, 6, 0, UInt8(tcp.count)] + tcp)
    }

    private static func clamped(_ packet: [UInt8], mtu: Int) -> [UInt8] {
        var buffer = ByteBuffer(bytes: packet)
        SegmentSizeClamp(mtu: mtu).apply(to: &buffer)
        return Array(buffer.readableBytesView)
    }

    @Test(
        "is lowered to what fits, and the checksum stays right",
        arguments: [false, true],
        [
            size1460, [1] + size1460, [1, 1] + size1460, [1, 1, 1] + size1460, [3, 3, 7] + size1460, [4, 2] + size1460,
        ])
    func isLowered(isIPv6: Bool, options: [UInt8]) throws {
        let packet = Self.packet(isIPv6: isIPv6, options: options)
        let result = Self.clamped(packet, mtu: 1400)
        let expected: UInt16 = isIPv6 ? 1340 : 1360
        let start = isIPv6 ? 40 : 20
        let place = start + 20 + options.count - 2
        #expect(UInt16(result[place]) << 8 | UInt16(result[place + 1]) == expected)
        #expect(Self.checksum(of: Array(result[start...]), isIPv6: isIPv6) == 0)
        let changed = zip(packet, result).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
        #expect(Set(changed).isSubset(of: [place, place + 1, start + 16, start + 17]))
    }

    @Test(
        "is left as it is where there is no reason",
        arguments: [
            packet(isIPv6: false, flags: 0x10), packet(isIPv6: true, flags: 0x10),
            packet(isIPv6: false, options: [2, 4, 0x02, 0x00]), packet(isIPv6: false, options: []),
            packet(isIPv6: false, options: [2, 3, 9, 0]), packet(isIPv6: false, options: [9, 0, 2, 4]),
            packet(isIPv6: false, options: [0, 2, 4, 5]), packet(isIPv6: false, fragment: 1),
            packet(isIPv6: false, protocol: 17), packet(isIPv6: true, protocol: 17), [], [0x45], [0x60, 0, 0],
        ])
    func isLeft(packet: [UInt8]) {
        #expect(Self.clamped(packet, mtu: 1400) == packet)
    }

    @Test("that fits is left as it is, and one behind other bytes is found")
    func knowsItsPlace() {
        let packet = Self.packet(isIPv6: false)
        #expect(Self.clamped(packet, mtu: 1500) == packet)
        var frame = ByteBuffer(bytes: [0, 0, 0, 2] + packet)
        SegmentSizeClamp(mtu: 1400).apply(to: &frame, at: 4)
        #expect(Array(frame.readableBytesView) == [0, 0, 0, 2] + Self.clamped(packet, mtu: 1400))
    }

    @Test("of any packet never changes its length", .timeLimit(.minutes(10)))
    func survivesAnything() {
        let samples = [Self.packet(isIPv6: false), Self.packet(isIPv6: true), Self.packet(isIPv6: false, options: [])]
        let fuzzer = Fuzzer(seed: 6, samples: samples, tokens: [[2, 4, 0xFF, 0xFF], [1], [0], [0x45], [0xF0, 2]])
        for number in Fuzzer.numbers {
            let packet = fuzzer.input(number)
            #expect(Self.clamped(packet, mtu: 576).count == packet.count)
        }
    }
}
