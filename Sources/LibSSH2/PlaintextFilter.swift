/// Looks at what a server sends before encryption starts, and passes only whole, well-formed pieces on to libssh2.
///
/// libssh2 1.11.1 crashes on one plaintext KEXINIT that lists "ext-info-c" or "kex-strict-c-v00@openssh.com" as a key
/// exchange (its commit 631e2f82), spins on a plaintext EXT_INFO, and keeps junk without limit; all of it before the
/// host key is checked. Here: bounded identification lines, then a KEXINIT without those names, then only the messages
/// of a key exchange, at most 64 KiB up to NEWKEYS (RFC 4253 sections 4.2, 6, 7.1 and 12).
///
/// Nothing behind NEWKEYS passes until `acceptHost` was called: a server whose key is not pinned never gets an
/// encrypted packet in front of libssh2.
public struct PlaintextFilter: Sendable {
    /// From the specification.
    enum Message {
        static let disconnect: UInt8 = 1
        static let keyExchangeInit: UInt8 = 20
        static let newKeys: UInt8 = 21
        /// Key exchange method specific (RFC 4251 section 7).
        static let methodSpecific: ClosedRange<UInt8> = 30...49
    }

    /// Our choices: OpenSSH's own KEXINIT takes about 1 KiB, the largest RSA or DH reply about 3 KiB.
    enum Limit {
        static let lineLength = 255
        static let lines = 50
        static let packetLength = 35_000
        static let total = 64 * 1024
    }

    public struct Violation: Error, Hashable, Sendable {
        public let message: String
    }

    private enum Phase: Hashable, Sendable {
        case identification(lines: Int)
        case keyExchangeInit
        case keyExchange
        /// NEWKEYS was admitted; the rest waits for `acceptHost`.
        case held
        case open
    }

    /// Names that must not stand in a server's list of key exchange methods: they are the client's markers.
    static let clientMarkers = ["ext-info-c", "kex-strict-c-v00@openssh.com"]

    private var phase = Phase.identification(lines: 0)
    /// Bytes that may pass and were not consumed yet.
    private var admitted = 0
    private var total = 0

    public init() {}

    /// The host key algorithms that the server's KEXINIT lists; untrusted text. Empty before it came.
    public private(set) var offeredHostKeyAlgorithms: [String] = []

    /// Whether NEWKEYS has passed: the host key is known to libssh2 and its signature was checked.
    public var isHeld: Bool { phase == .held }

    /// How many of the first bytes of `received` may be consumed.
    public mutating func admit(_ received: UnsafeRawBufferPointer) throws(Violation) -> Int {
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: received[admitted...])
            let length: Int?
            switch phase {
            case .identification(let lines): length = try admitLine(rest, lines: lines)
            case .keyExchangeInit, .keyExchange: length = try admitPacket(rest)
            case .held: return admitted
            case .open: return received.count
            }
            guard let length else { return admitted }
            admitted += length
            total += length
            if total > Limit.total { throw Violation(message: "more than 64 KiB before the keys were exchanged") }
        }
    }

    public mutating func consumed(_ count: Int) {
        admitted = max(0, admitted - count)
    }

    /// The host key is one of the pins: everything passes from here on.
    public mutating func acceptHost() {
        phase = .open
    }

    // MARK: - Pieces. Each returns the length of one whole piece, or nil if it is not complete yet.

    private mutating func admitLine(_ bytes: UnsafeRawBufferPointer, lines: Int) throws(Violation) -> Int? {
        guard let end = bytes.prefix(Limit.lineLength + 1).firstIndex(of: UInt8(ascii: "\n")) else {
            if bytes.count > Limit.lineLength { throw Violation(message: "an identification line of over 255 bytes") }
            return nil
        }
        if bytes.starts(with: Array("SSH-".utf8)) {
            phase = .keyExchangeInit
        } else if lines + 1 >= Limit.lines {
            throw Violation(message: "\(Limit.lines) lines without an SSH identification: not an SSH server?")
        } else {
            phase = .identification(lines: lines + 1)
        }
        return end + 1
    }

    private mutating func admitPacket(_ bytes: UnsafeRawBufferPointer) throws(Violation) -> Int? {
        guard bytes.count >= 4 else { return nil }
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard (12...Limit.packetLength).contains(length), (length + 4).isMultiple(of: 8) else {
            throw Violation(message: "a plaintext packet of \(length) bytes")
        }
        guard bytes.count >= 4 + length else { return nil }
        let padding = Int(bytes[4])
        guard padding >= 4, padding + 2 <= length else {
            throw Violation(message: "a plaintext packet with \(padding) bytes of padding in \(length)")
        }
        try admitMessage(UnsafeRawBufferPointer(rebasing: bytes[5..<(4 + length - padding)]))
        return 4 + length
    }

    private mutating func admitMessage(_ payload: UnsafeRawBufferPointer) throws(Violation) {
        let type = payload[0]
        if type == Message.disconnect { return }
        if phase == .keyExchangeInit {
            guard type == Message.keyExchangeInit else {
                throw Violation(message: "message \(type) before the key exchange began")
            }
            try checkKeyExchangeInit(payload)
            phase = .keyExchange
        } else if type == Message.newKeys {
            phase = .held
        } else if !Message.methodSpecific.contains(type) {
            throw Violation(message: "message \(type) inside the key exchange")
        }
    }

    /// KEXINIT: type, cookie[16], ten name-lists, boolean, uint32 (RFC 4253 section 7.1).
    private mutating func checkKeyExchangeInit(_ payload: UnsafeRawBufferPointer) throws(Violation) {
        var offset = 17
        for list in 0..<10 {
            guard offset + 4 <= payload.count else { throw Violation(message: "a truncated KEXINIT") }
            let length = Int(UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            guard length <= payload.count - offset - 4 else { throw Violation(message: "a malformed KEXINIT") }
            let names = payload[(offset + 4)..<(offset + 4 + length)]
            if list == 0 { try Self.checkMethods(names) }
            if list == 1 {
                offeredHostKeyAlgorithms = names.split(separator: UInt8(ascii: ",")).map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
            offset += 4 + length
        }
        guard payload.count == offset + 5 else { throw Violation(message: "a KEXINIT of the wrong length") }
    }

    private static func checkMethods(_ names: Slice<UnsafeRawBufferPointer>) throws(Violation) {
        for name in names.split(separator: UInt8(ascii: ",")) {
            for marker in clientMarkers where name.elementsEqual(marker.utf8) {
                throw Violation(message: "a KEXINIT that lists \"\(marker)\" as a key exchange (an attack on libssh2)")
            }
        }
    }
}
