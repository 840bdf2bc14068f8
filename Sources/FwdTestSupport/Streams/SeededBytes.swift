import Foundation
import NIOCore

/// A reproducible stream of bytes: the same for the same seed, cheap enough for gibibytes, readable from any position.
///
/// It is cut into pieces of 4 KiB. Each begins with a mix of its number and the seed, the rest is a piece of one random pool
/// at an offset that depends on both. So a lost, doubled, moved or swapped stretch of any size shows in the hash.
public struct SeededBytes: Hashable, Sendable {
    public let seed: UInt64
    public let count: UInt64

    public init(seed: UInt64, count: UInt64) {
        self.seed = seed
        self.count = count
    }

    /// The bytes from `position` on, at most `limit` of them; empty at the end.
    public func buffer(at position: UInt64, limit: Int = SeededBytes.chunkSize) -> ByteBuffer {
        var buffer = ByteBuffer()
        fill(&buffer, at: position, limit: limit)
        return buffer
    }

    /// The same into a buffer that is used again and again.
    public func fill(_ buffer: inout ByteBuffer, at position: UInt64, limit: Int = SeededBytes.chunkSize) {
        let size = Int(min(UInt64(limit), count - min(position, count)))
        buffer.clear()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            copy(into: UnsafeMutableRawBufferPointer(rebasing: target[..<size]), from: position)
            return size
        }
    }

    /// The hash of all of it.
    public var sha256: String {
        var digest = StreamDigest()
        var buffer = ByteBuffer()
        while digest.count < count {
            fill(&buffer, at: digest.count)
            digest.update(buffer)
        }
        return digest.sha256
    }

    /// A size that keeps the work per byte small in unoptimised builds too.
    public static let chunkSize = 262_144
    private static let pieceSize = 4096

    private func copy(into target: UnsafeMutableRawBufferPointer, from position: UInt64) {
        var written = 0
        while written < target.count {
            let place = position + UInt64(written)
            let (piece, offset) = place.quotientAndRemainder(dividingBy: UInt64(Self.pieceSize))
            let size = min(Self.pieceSize - Int(offset), target.count - written)
            copyPiece(piece, from: Int(offset), to: target.baseAddress! + written, count: size)
            written += size
        }
    }

    private func copyPiece(_ number: UInt64, from offset: Int, to target: UnsafeMutableRawPointer, count: Int) {
        let random = splitMix64(seed ^ splitMix64(number))
        let start = Int(random % UInt64(RandomPool.size - Self.pieceSize))
        RandomPool.shared.withUnsafeBytes { _ = memcpy(target, $0.baseAddress! + start + offset, count) }
        let stamp = (random, number)
        withUnsafeBytes(of: stamp) { stamp in
            guard offset < stamp.count else { return }
            memcpy(target, stamp.baseAddress! + offset, min(count, stamp.count - offset))
        }
    }
}

/// 1 MiB of random bytes, the same in every process.
private enum RandomPool {
    static let size = 1 << 20
    static let shared = (0..<UInt64(size / 8)).map { splitMix64($0).littleEndian }
}
