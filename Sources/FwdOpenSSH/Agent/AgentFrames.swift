/// Cuts what an ssh-agent sends into messages.
public struct AgentFrames: Sendable {
    public typealias Problem = FormatProblem

    /// OpenSSH's own limit for an agent's message.
    public static let longestFrame = 256 << 10

    private var pending: ArraySlice<UInt8> = []

    public init() {}

    public mutating func append(_ bytes: some Sequence<UInt8>) {
        pending.append(contentsOf: bytes)
    }

    /// The next message without its length, or `nil` until all of it is there.
    public mutating func next() throws(Problem) -> [UInt8]? {
        var reader = WireReader(pending.prefix(4))
        guard let length = reader.uint32().map(Int.init) else { return nil }
        guard (1...Self.longestFrame).contains(length) else {
            throw Problem(description: "sent a message of \(length) bytes; 1 to \(Self.longestFrame) are allowed")
        }
        guard pending.count >= 4 + length else { return nil }
        defer { pending = pending.dropFirst(4 + length) }
        return Array(pending.dropFirst(4).prefix(length))
    }
}
