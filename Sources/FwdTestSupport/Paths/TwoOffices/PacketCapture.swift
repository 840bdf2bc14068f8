import Foundation

/// What tcpdump has seen on an Ethernet link, whole packets.
public struct PacketCapture: Sendable {
    /// A pcap file: tcpdump's format, in the byte order of this machine.
    private let bytes: Data
    /// How many packets tcpdump could not keep up with.
    public let dropped: Int

    static func taken(
        on host: NetworkHost, link: String, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Void
    ) async throws -> PacketCapture {
        try await TemporaryDirectory.with { directory in
            let file = directory.file("capture")
            // -Z root: it would give up the right to write into this directory; -B: in KiB.
            let arguments = ["-i", link, "-w", file, "-s", "0", "-B", "131072", "-n", "-Z", "root"]
            return try await host.running("tcpdump", arguments) { tcpdump in
                try await eventually("tcpdump listens") { tcpdump.standardError.contains("listening on") }
                try await body()
                await tcpdump.end()
                return try PacketCapture(file: file, report: tcpdump.standardError)
            }
        }
    }

    private init(file: String, report: String) throws {
        // Read, not mapped: the file is removed.
        bytes = try Data(contentsOf: URL(filePath: file))
        let words = report.split(separator: "\n").first { $0.contains("dropped by kernel") }?.split(separator: " ")
        guard let count = words?.first.flatMap({ Int($0) }) else { throw TestSupportError("tcpdump: \(report)") }
        dropped = count
    }

    /// Bytes in it, those of its own headers included.
    public var count: Int { bytes.count }

    /// Whether these bytes are anywhere in it.
    public func contains(_ pattern: [UInt8]) -> Bool {
        bytes.range(of: Data(pattern)) != nil
    }

    public func contains(_ text: String) -> Bool { contains(Array(text.utf8)) }

    /// Whether a packet's IP header from one address to another is in it, at the outside or wrapped in anything.
    public func containsHeader(from source: String, to destination: String) -> Bool {
        contains(Self.octets(source) + Self.octets(destination))
    }

    private static func octets(_ address: String) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, address, &buffer) == 1 { return buffer }
        precondition(inet_pton(AF_INET, address, &buffer) == 1, "\(address) is no address")
        return Array(buffer.prefix(4))
    }

    /// Who talked with whom; but for ARP, which asks for the neighbour on the link itself.
    public var conversations: Set<Conversation> {
        bytes.withUnsafeBytes { bytes in
            var found: Set<Conversation> = []
            var position = PcapFormat.fileHeader
            while let packet = PcapFormat.packet(at: &position, of: bytes) {
                if let conversation = Conversation(ethernet: packet) { found.insert(conversation) }
            }
            return found
        }
    }
}

/// The parts of pcap's format that matter here (pcap-savefile(5)).
enum PcapFormat {
    static let fileHeader = 24
    private static let packetHeader = 16

    /// The packet at a position, which moves behind it; `nil` at the end.
    static func packet(at position: inout Int, of file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard position + packetHeader <= file.count else { return nil }
        let length = Int(file.loadUnaligned(fromByteOffset: position + 8, as: UInt32.self))
        let start = position + packetHeader
        guard start + length <= file.count else { return nil }
        position = start + length
        return UnsafeRawBufferPointer(rebasing: file[start..<position])
    }
}
