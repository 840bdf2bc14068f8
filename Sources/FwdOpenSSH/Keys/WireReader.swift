/// Reads SSH's binary data types (RFC 4251 section 5). Everything answers `nil` at a short or malformed input.
public struct WireReader {
    private var rest: ArraySlice<UInt8>

    public init(_ bytes: some Sequence<UInt8>) {
        rest = Array(bytes)[...]
    }

    public var isAtEnd: Bool { rest.isEmpty }

    public mutating func byte() -> UInt8? { rest.popFirst() }

    public mutating func uint32() -> UInt32? {
        bytes(4)?.reduce(0) { $0 << 8 | UInt32($1) }
    }

    public mutating func uint64() -> UInt64? {
        bytes(8)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A string: its length, then as many bytes.
    public mutating func string() -> ArraySlice<UInt8>? {
        guard let length = uint32() else { return nil }
        return bytes(Int(length))
    }

    public mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
