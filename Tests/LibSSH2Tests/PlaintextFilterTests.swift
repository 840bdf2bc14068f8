import Testing

@testable import LibSSH2

@Suite("The plaintext filter")
struct PlaintextFilterTests {
    static let identification = Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)

    @Test("a real server's first bytes pass, and nothing behind NEWKEYS until the host is accepted")
    func passesKeyExchange() throws {
        var filter = PlaintextFilter()
        let plain = Self.identification + packet(keyExchangeInit()) + packet([31, 1, 2, 3]) + packet([21])
        let all = plain + [9, 9, 9, 9]
        #expect(try admit(&filter, all) == plain.count)
        #expect(filter.isHeld)
        filter.consumed(plain.count)
        #expect(try admit(&filter, [9, 9, 9, 9]) == 0)
        filter.acceptHost()
        #expect(try admit(&filter, [9, 9, 9, 9]) == 4)
    }

    @Test("a packet passes only when it is whole, however the bytes are cut")
    func passesWholePackets() throws {
        let plain = Self.identification + packet(keyExchangeInit()) + packet([31, 1, 2, 3]) + packet([21])
        var filter = PlaintextFilter()
        var (queue, passed): ([UInt8], [UInt8]) = ([], [])
        for byte in plain {
            queue.append(byte)
            let count = try admit(&filter, queue)
            passed += queue[..<count]
            queue.removeFirst(count)
            filter.consumed(count)
            let isBoundary = queue.isEmpty
            #expect(isBoundary || queue.count < plain.count)
        }
        #expect(passed == plain)
        #expect(filter.isHeld)
    }

    @Test("what must not reach libssh2 is refused with its name", arguments: Hostile.allCases)
    func refuses(_ hostile: Hostile) {
        var filter = PlaintextFilter()
        let error = #expect(throws: PlaintextFilter.Violation.self) { _ = try admit(&filter, hostile.bytes) }
        #expect(error?.message.contains(hostile.word) == true, "\(error?.message ?? "passed")")
    }

    @Test("the algorithms of the server's host keys are remembered")
    func remembersHostKeyAlgorithms() throws {
        var filter = PlaintextFilter()
        _ = try admit(&filter, Self.identification + packet(keyExchangeInit()))
        #expect(filter.offeredHostKeyAlgorithms == ["ssh-ed25519", "rsa-sha2-512"])
    }

    enum Hostile: CaseIterable {
        case extInfoAsMethod, strictAsMethod, truncatedInit, longInit, junkBeforeInit, extInfoMessage, ignoreInside
        case longLine, manyLines, hugePacket, tinyPacket, badPadding, tooMuch

        var word: String {
            switch self {
            case .extInfoAsMethod: "ext-info-c"
            case .strictAsMethod: "kex-strict-c-v00@openssh.com"
            case .truncatedInit: "malformed KEXINIT"
            case .longInit: "wrong length"
            case .junkBeforeInit: "message 2 before"
            case .extInfoMessage: "message 7 inside"
            case .ignoreInside: "message 2 inside"
            case .longLine: "over 255 bytes"
            case .manyLines: "50 lines"
            case .hugePacket: "of 35004 bytes"
            case .tinyPacket: "of 4 bytes"
            case .badPadding: "padding"
            case .tooMuch: "more than 64 KiB"
            }
        }

        var bytes: [UInt8] {
            let start = PlaintextFilterTests.identification
            let begun = start + packet(keyExchangeInit())
            switch self {
            case .extInfoAsMethod: return start + packet(keyExchangeInit(methods: "ext-info-c"))
            case .strictAsMethod:
                return start + packet(keyExchangeInit(methods: "curve25519-sha256,kex-strict-c-v00@openssh.com"))
            case .truncatedInit: return start + packet(Array(keyExchangeInit().prefix(40)))
            case .longInit: return start + packet(keyExchangeInit() + [0])
            case .junkBeforeInit: return start + packet([2, 0, 0, 0, 0])
            case .extInfoMessage: return begun + packet([7, 0xff, 0xff, 0xff, 0xff])
            case .ignoreInside: return begun + packet([2, 0, 0, 0, 0])
            case .longLine: return [UInt8](repeating: 65, count: 256)
            case .manyLines: return Array(String(repeating: "hello\n", count: 50).utf8)
            case .hugePacket: return start + [0, 0, 0x88, 0xbc]
            case .tinyPacket: return start + [0, 0, 0, 4]
            case .badPadding: return start + [0, 0, 0, 12, 11] + [UInt8](repeating: 0, count: 11)
            case .tooMuch:
                let large = packet([30] + [UInt8](repeating: 1, count: 30_000))
                return begun + large + large + large
            }
        }
    }
}

private func admit(_ filter: inout PlaintextFilter, _ bytes: [UInt8]) throws -> Int {
    try bytes.withUnsafeBytes { try filter.admit($0) }
}

/// An unencrypted packet (RFC 4253 section 6).
private func packet(_ payload: [UInt8]) -> [UInt8] {
    var padding = 8 - (payload.count + 5) % 8
    if padding < 4 { padding += 8 }
    var bytes: [UInt8] = []
    bytes.appendUInt32(UInt32(1 + payload.count + padding))
    return bytes + [UInt8(padding)] + payload + [UInt8](repeating: 0, count: padding)
}

private func keyExchangeInit(methods: String = "curve25519-sha256,ext-info-s") -> [UInt8] {
    var bytes = [UInt8(20)] + [UInt8](repeating: 7, count: 16)
    bytes.appendSSHString(methods)
    bytes.appendSSHString("ssh-ed25519,rsa-sha2-512")
    for _ in 0..<8 { bytes.appendSSHString("none") }
    return bytes + [0, 0, 0, 0, 0]
}
