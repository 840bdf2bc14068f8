import NIOCore

/// What a `HostileServer` says. It returns when it has said everything; the connection then stays open, so that it is
/// the client that must end it, unless `closes` is set.
public struct HostileScript: Sendable, CustomStringConvertible {
    public let name: String
    public var description: String { name }
    let closes: Bool
    let play: @Sendable (HostilePeer) async throws -> Void

    init(_ name: String, closes: Bool = false, _ play: @escaping @Sendable (HostilePeer) async throws -> Void) {
        self.name = name
        self.closes = closes
        self.play = play
    }

    /// Every script, for tests that what holds for one holds for all.
    public static let all: [HostileScript] =
        [crashingKEXINIT(name: "ext-info-c"), crashingKEXINIT(name: "kex-strict-c-v00@openssh.com")]
        + [endlessJunkBeforeKex(.ignore), endlessJunkBeforeKex(.unknown), endlessBannerLines, longBannerLine, garbage]
        + [silent, closesAfterBanner, truncatedKEXINIT, oversizedPacketLength]
        + [extInfoFlood(afterKEXINIT: false), extInfoFlood(afterKEXINIT: true)]

    /// A well-formed KEXINIT with a name that marks an extension where a key exchange method should be. libssh2 1.11.1
    /// agrees on it and calls through a null pointer.
    public static func crashingKEXINIT(name: String, before others: [String] = []) -> HostileScript {
        HostileScript("KEXINIT with \(name)") { peer in
            try await peer.send(SSHWire.banner)
            try await peer.send(SSHWire.packet(SSHWire.kexInit(keyExchange: [name] + others)))
        }
    }

    public enum Junk: String, Sendable {
        case ignore
        case unknown
    }

    /// Messages without end before the key exchange, as fast as the client reads.
    public static func endlessJunkBeforeKex(_ junk: Junk = .ignore) -> HostileScript {
        HostileScript("endless \(junk.rawValue) messages") { peer in
            try await peer.send(SSHWire.banner)
            let number = junk == .ignore ? SSHWire.Message.ignore : SSHWire.Message.unknown
            try await peer.sendForEver(SSHWire.packet([number, 0, 0, 3, 0xe8] + Array(repeating: 0x61, count: 1000)))
        }
    }

    /// Lines before the banner (RFC 4253 section 4.2 allows some) that never end.
    public static let endlessBannerLines = HostileScript("endless lines before the banner") { peer in
        try await peer.sendForEver(ByteBuffer(string: "Please wait.\r\n"))
    }

    /// A banner without an end of line.
    public static let longBannerLine = HostileScript("endless banner line") { peer in
        try await peer.send("SSH-2.0-")
        try await peer.sendForEver(ByteBuffer(repeating: UInt8(ascii: "A"), count: 1024))
    }

    /// 64 KiB of random bytes.
    public static let garbage = HostileScript("garbage") { peer in
        try await peer.send(SeededBytes(seed: 7, count: 65_536).buffer(at: 0))
    }

    public static let silent = HostileScript("silence") { _ in }

    public static let closesAfterBanner = HostileScript("end after the banner", closes: true) { peer in
        try await peer.send(SSHWire.banner)
    }

    /// A KEXINIT whose first name list is longer than its packet.
    public static let truncatedKEXINIT = HostileScript("truncated KEXINIT") { peer in
        try await peer.send(SSHWire.banner)
        try await peer.send(SSHWire.packet(Array(SSHWire.kexInit(keyExchange: ["curve25519-sha256"]).prefix(30))))
    }

    /// A packet that claims to be 4 GiB long.
    public static let oversizedPacketLength = HostileScript("oversized packet length") { peer in
        try await peer.send(SSHWire.banner)
        try await peer.send(ByteBuffer(bytes: [0xff, 0xff, 0xff, 0xff, 4, SSHWire.Message.kexInit, 0, 0]))
    }

    /// An EXT_INFO (RFC 8308) that announces 2^32 - 1 extensions and has none, in plaintext.
    public static func extInfoFlood(afterKEXINIT: Bool = false) -> HostileScript {
        HostileScript("EXT_INFO \(afterKEXINIT ? "after" : "before") KEXINIT") { peer in
            try await peer.send(SSHWire.banner)
            if afterKEXINIT {
                try await peer.send(SSHWire.packet(SSHWire.kexInit(keyExchange: ["curve25519-sha256"])))
            }
            try await peer.send(SSHWire.packet([SSHWire.Message.extInfo, 0xff, 0xff, 0xff, 0xff]))
        }
    }
}
