import NIOCore
import Testing

@testable import FwdTunnel

@Suite("The echo that a peer is asked for") struct EchoMessageTests {
    private static let ipv4 = EchoMessage(
        source: [10, 99, 0, 1], destination: [10, 99, 0, 2], identifier: 0x1234, sequence: 7, payload: [1, 2, 3, 4])
    private static let ipv6 = EchoMessage(
        source: [0xFD] + Array(repeating: 0, count: 14) + [1],
        destination: [0xFD] + Array(repeating: 0, count: 14) + [2],
        identifier: 0x1234, sequence: 7, payload: [1, 2, 3, 4])

    /// What a host would answer.
    private static func reply(to message: EchoMessage) -> [UInt8] {
        let other = EchoMessage(
            source: message.destination, destination: message.source, identifier: message.identifier,
            sequence: message.sequence, payload: message.payload)
        var packet = other.request
        packet[message.source.count == 4 ? 20 : 40] = message.source.count == 4 ? 0 : 129
        return packet
    }

    @Test("has right checksums")
    func isChecked() {
        let packet = Self.ipv4.request
        #expect(InternetChecksum.of(packet[..<20]) == 0)
        #expect(InternetChecksum.of(packet[20...]) == 0)
        #expect(packet[2] == 0 && packet[3] == UInt8(packet.count))
        let other = Self.ipv6.request
        let pseudoHeader = Self.ipv6.source + Self.ipv6.destination + [0, 0, 0, 12, 0, 0, 0, 58]
        #expect(InternetChecksum.of(pseudoHeader + other[40...]) == 0)
        #expect(other[5] == 12)
    }

    @Test("is answered by its reply alone", arguments: [ipv4, ipv6])
    func isAnswered(message: EchoMessage) {
        let reply = Self.reply(to: message)
        #expect(message.isAnswered(by: ByteBuffer(bytes: reply)))
        #expect(!message.isAnswered(by: ByteBuffer(bytes: message.request)))
        let header = message.source.count == 4 ? 20 : 40
        // What a router changes on the way, and what is checked by the one who made it.
        let free = message.source.count == 4 ? Set([1, 2, 3, 4, 5, 6, 7, 8, 10, 11]) : Set([1, 2, 3, 4, 5, 7])
        for index in reply.indices where !free.contains(index) && !(header + 1...header + 3).contains(index) {
            var other = reply
            other[index] ^= 0x10
            #expect(!message.isAnswered(by: ByteBuffer(bytes: other)), "byte \(index)")
        }
        for count in [0, 1, header, reply.count - 1] {
            #expect(!message.isAnswered(by: ByteBuffer(bytes: reply.prefix(count))))
        }
        #expect(!message.isAnswered(by: ByteBuffer(bytes: reply + [0])))
    }
}
