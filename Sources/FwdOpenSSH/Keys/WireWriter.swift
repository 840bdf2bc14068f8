/// Writes SSH's binary data types (RFC 4251 section 5).
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func uint32(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// - Parameter content: shorter than 4 GiB.
    mutating func string(_ content: some Collection<UInt8>) {
        uint32(UInt32(clamping: content.count))
        bytes.append(contentsOf: content)
    }
}
