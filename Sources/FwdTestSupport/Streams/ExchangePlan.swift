import NIOCore

/// Who half-closes first in an exchange.
public enum HalfCloseOrder: UInt8, Sendable, CaseIterable {
    /// Each side as soon as it has sent everything.
    case whenSent
    /// The client when it has sent everything; the target after it has seen the client's EOF.
    case clientFirst
    /// The target when it has sent everything; the client after it has seen the target's EOF.
    case targetFirst
}

/// Both directions of one connection to a target with the behaviour `exchange`.
///
/// The client starts with 24 bytes, big-endian: seed, bytes up, bytes down. The order of the half-closes is in the top
/// byte of the last. What follows up is `SeededBytes` of the seed, what comes down those of its complement.
public struct ExchangePlan: Hashable, Sendable {
    public let seed: UInt64
    public let up: SeededBytes
    public let down: SeededBytes
    public let order: HalfCloseOrder

    static let headerSize = 24
    private static let countMask = UInt64.max >> 8

    /// - Parameters:
    ///   - up: bytes from the client to the target.
    ///   - down: bytes from the target to the client, less than 2^56.
    public init(seed: UInt64, up: UInt64, down: UInt64, order: HalfCloseOrder = .whenSent) {
        self.seed = seed
        self.up = SeededBytes(seed: seed, count: up)
        self.down = SeededBytes(seed: ~seed, count: down & Self.countMask)
        self.order = order
    }

    var header: ByteBuffer {
        var header = ByteBuffer()
        header.writeMultipleIntegers(seed, up.count, down.count | UInt64(order.rawValue) << 56)
        return header
    }

    init?(header: inout ByteBuffer) {
        guard let (seed, up, last) = header.readMultipleIntegers(as: (UInt64, UInt64, UInt64).self),
            let order = HalfCloseOrder(rawValue: UInt8(last >> 56))
        else { return nil }
        self.init(seed: seed, up: up, down: last & Self.countMask, order: order)
    }
}
