import FwdTestSupport
import NIOCore
import Testing

@Suite struct SeededBytesTests {
    private let source = SeededBytes(seed: 42, count: 100_000)

    private func digest(_ ranges: [Range<UInt64>]) -> String {
        var digest = StreamDigest()
        for range in ranges {
            digest.update(source.buffer(at: range.lowerBound, limit: range.count))
        }
        return digest.sha256
    }

    @Test func `The hash does not depend on how the stream is cut`() {
        #expect(digest([0..<1, 1..<4095, 4095..<4111, 4111..<70_000, 70_000..<100_000]) == source.sha256)
    }

    @Test func `Another seed or length gives another stream`() {
        #expect(SeededBytes(seed: 43, count: 100_000).sha256 != source.sha256)
        #expect(SeededBytes(seed: 42, count: 99_999).sha256 != source.sha256)
    }

    @Test(arguments: [3, 16, 1000, 4096, 16_384] as [UInt64])
    func `Swapped, doubled and lost stretches show in the hash`(size: UInt64) {
        let rest = (2 * size)..<source.count
        #expect(digest([0..<size, size..<(2 * size), rest]) == source.sha256)
        #expect(digest([size..<(2 * size), 0..<size, rest]) != source.sha256)
        #expect(digest([0..<size, 0..<size, rest]) != source.sha256)
        #expect(digest([0..<size, rest]) != source.sha256)
    }

    @Test func `The stream ends at its count`() {
        #expect(source.buffer(at: 99_990).readableBytes == 10)
        #expect(source.buffer(at: 100_000).readableBytes == 0)
        #expect(SeededBytes(seed: 1, count: 0).sha256 == StreamDigest().sha256)
    }
}
