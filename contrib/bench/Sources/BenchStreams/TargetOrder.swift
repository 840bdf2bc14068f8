/// What a client asks of the target: its first nine bytes.
struct TargetOrder: Equatable {
    enum Deed: UInt8 {
        /// Send each byte back.
        case echo = 0x65
        /// Answer with one byte, then only hold the connection.
        case hold = 0x68
        /// Answer with one byte; at the next byte send the stream of that number, and close.
        case source = 0x64
        /// Answer with one byte, then take the stream of that number.
        case sink = 0x75
    }

    static let length = 9

    let deed: Deed
    let number: UInt64

    var bytes: [UInt8] {
        [deed.rawValue] + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

extension TargetOrder {
    init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.length, let deed = Deed(rawValue: bytes[0]) else { return nil }
        let number = bytes.dropFirst().reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(deed: deed, number: number)
    }
}
