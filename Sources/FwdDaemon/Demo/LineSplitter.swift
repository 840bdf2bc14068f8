import Foundation
import Synchronization

/// Cuts what comes in pieces into lines, and remembers the last ones.
final class LineSplitter: Sendable {
    private static let remembered = 8

    private struct State {
        var rest = Data()
        var recent: [String] = []
    }

    private let state = Mutex(State())
    private let lines: AsyncStream<String>.Continuation

    init(_ lines: AsyncStream<String>.Continuation) {
        self.lines = lines
    }

    var recentLines: [String] { state.withLock { $0.recent } }

    func append(_ data: Data) {
        let complete = state.withLock { state in
            state.rest.append(data)
            var pieces = state.rest.split(separator: 0x0A, omittingEmptySubsequences: false)
            state.rest = Data(pieces.removeLast())
            let complete = pieces.map(Self.text)
            state.recent = (state.recent + complete).suffix(Self.remembered)
            return complete
        }
        for line in complete { lines.yield(line) }
    }

    func finish() {
        let last = state.withLock { $0.rest }
        if !last.isEmpty { lines.yield(Self.text(last)) }
        lines.finish()
    }

    private static func text(_ line: Data) -> String {
        String(decoding: line, as: UTF8.self).trimmingCharacters(in: ["\r"])
    }
}
