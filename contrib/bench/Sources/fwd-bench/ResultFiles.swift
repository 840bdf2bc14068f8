import BenchFigures
import BenchSystem
import Foundation

/// What the bench leaves in contrib/doc.
struct ResultFiles {
    let directory: String

    private var results: String { "\(directory)/benchmarks.json" }

    func readResults() throws -> Results {
        guard let text = readTextFile(results) else { throw BenchError("there is no \(results)") }
        return try JSONDecoder().decode(Results.self, from: Data(text.utf8))
    }

    func write(_ results: Results) throws {
        let results = results.rounded
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(results), as: UTF8.self)
        try writeTextFile(compact(text) + "\n", to: self.results, mode: 0o644)
        try writePage(of: results)
    }

    /// The page with benchmarks-notes.md, which is written by hand, at its end.
    func writePage(of results: Results) throws {
        let notes = readTextFile("\(directory)/benchmarks-notes.md") ?? ""
        try writeTextFile(
            Page(results: results, notes: notes).markdown, to: "\(directory)/benchmarks.md", mode: 0o644)
        for (name, picture) in Pictures(results: results).files {
            try writeTextFile(picture, to: "\(directory)/\(name)", mode: 0o644)
        }
    }

    /// Lists of numbers on one line each.
    private func compact(_ json: String) -> String {
        json.replacing(#/\[[\s\d.,eE+\-nul]*\]/#) { match in
            match.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }
}
