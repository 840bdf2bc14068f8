import Crypto
import Foundation
import NIOCore

/// The SHA-256 and the length of a stream, taken as it passes.
public struct StreamDigest: Sendable {
    public private(set) var count: UInt64 = 0
    private var hash = SHA256()

    public init() {}

    public mutating func update(_ bytes: ByteBuffer) {
        count += UInt64(bytes.readableBytes)
        bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    }

    /// The hash so far, in hexadecimal.
    public var sha256: String {
        hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
