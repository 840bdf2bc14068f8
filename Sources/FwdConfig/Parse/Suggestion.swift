/// The did-you-mean of unknown words.
enum Suggestion {
    /// The candidate that `word` probably stands for.
    /// - Parameter limit: the edits that may separate them, beside a limit by their length.
    static func nearest(to word: String, among candidates: [String], within limit: Int = .max) -> String? {
        let scored = candidates.compactMap { candidate -> (score: Int, candidate: String)? in
            let score = distance(folded(word), folded(candidate))
            return score <= min(limit, max(1, candidate.utf8.count / 3)) ? (score, candidate) : nil
        }
        if let best = scored.min(by: { $0.score < $1.score }) { return best.candidate }
        return candidates.first { shares(folded(word), folded($0)) }
    }

    /// `HostKey`, `host_key` and `host-key` are one word.
    private static func folded(_ word: String) -> [UInt8] {
        word.lowercased().utf8.prefix(64).filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// One is the beginning of the other (`hostname`, `identityfile`), or its end (`ed25519`).
    private static func shares(_ word: [UInt8], _ candidate: [UInt8]) -> Bool {
        guard min(word.count, candidate.count) >= 3 else { return false }
        return word.starts(with: candidate) || candidate.starts(with: word)
            || candidate.reversed().starts(with: word.reversed())
    }

    /// Edit distance with swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var rows = [Array(0...right.count)]
        for i in 1...left.count {
            var row = [i]
            for j in 1...right.count {
                let change = rows[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)
                var best = min(change, rows[i - 1][j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    best = min(best, rows[i - 2][j - 2] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
