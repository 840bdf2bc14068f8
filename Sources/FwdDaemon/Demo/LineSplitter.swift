import Foundation
import Synchronization

/// Cuts what comes in pieces into lines.
final class LineSplitter: Sendable {
    private let rest = Mutex(Data())
    private let lines: AsyncStream<String>.Continuation

    init(_ lines: AsyncStream<String>.Continuation) {
        self.lines = lines
    }

    func append(_ data: Data) {
        let complete = rest.withLock { rest in
            rest.append(data)
            var pieces = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
            rest = Data(pieces.removeLast())
            return pieces
        }
        for line in complete { lines.yield(Self.text(line)) }
    }

    func finish() {
        let last = rest.withLock { $0 }
        if !last.isEmpty { lines.yield(Self.text(last)) }
        lines.finish()
    }

    private static func text(_ line: Data) -> String {
        String(decoding: line, as: UTF8.self).trimmingCharacters(in: ["\r"])
    }
}
