import BenchSystem
import CBench

/// Poly1305 over every byte of a stream, with a random key of this stream: 15 GB/s where SHA-256 makes 2, so that
/// hashing at both ends does not take the CPU that is to be measured. Two streams of one GiB that differ in any way have
/// the same value with a probability below 2^-70.
public final class StreamHash {
    public typealias Value = [UInt8]

    /// A key is for one stream, at both of its ends.
    public struct Key: Sendable {
        let bytes: [UInt8]

        public init() {
            bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        }
    }

    private let hash: OpaquePointer

    public init(key: Key) {
        hash = bench_hash_new(key.bytes)
    }

    deinit {
        bench_hash_free(hash)
    }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        bench_hash_update(hash, bytes.baseAddress, bytes.count)
    }

    /// To be called once.
    public func finish() -> Value {
        var value = Value(repeating: 0, count: 16)
        bench_hash_final(hash, &value)
        return value
    }
}
