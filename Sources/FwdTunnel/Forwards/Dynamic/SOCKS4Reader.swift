import NIOCore

/// SOCKS 4 (version, command, port, address, user and NUL), and 4A: where the address is 0.0.0.x, a name and NUL follow.
/// The user is not looked at.
final class SOCKS4Reader: ProxyRequestReader {
    /// Our choice, as long as a name may be.
    private static let longestField = 255
    private static let connect: UInt8 = 1

    func read(_ bytes: inout ByteBuffer) throws(ProxyAnswer) -> ProxyRequest? {
        var rest = bytes
        guard rest.readableBytes >= 8, let head = rest.readMultipleIntegers(as: (UInt8, UInt8, UInt16, UInt32).self)
        else {
            return nil
        }
        let (_, command, port, address) = head
        guard try Self.field(&rest) != nil else { return nil }
        let hasName = (1...255).contains(address)
        guard let host = hasName ? try Self.field(&rest) : Self.text(address) else { return nil }
        bytes = rest
        guard command == Self.connect else { throw .commandNotSupported }
        return try ProxyRequest(host: host, port: port)
    }

    func leave() {}

    /// Text that ends with NUL; `nil`: its end has not come.
    private static func field(_ bytes: inout ByteBuffer) throws(ProxyAnswer) -> String? {
        let view = bytes.readableBytesView
        guard let end = view.prefix(longestField + 1).firstIndex(of: 0) else {
            if view.count > longestField { throw .malformed }
            return nil
        }
        let text = bytes.readString(length: end - view.startIndex)
        bytes.moveReaderIndex(forwardBy: 1)
        return text
    }

    private static func text(_ address: UInt32) -> String {
        stride(from: 24, through: 0, by: -8).map { "\(UInt8(truncatingIfNeeded: address >> UInt32($0)))" }
            .joined(separator: ".")
    }
}

@available(*, unavailable)
extension SOCKS4Reader: Sendable {}
