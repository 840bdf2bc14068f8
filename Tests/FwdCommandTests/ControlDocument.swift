import Foundation
import Testing

/// `contrib/doc/control-api.md`, taken apart.
struct ControlDocument {
    struct Example {
        /// The word after "json" at the fence.
        var type: String
        var json: String
    }

    let text: String

    init() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = repository.appendingPathComponent("contrib/doc/control-api.md")
        text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    /// `GET /v1/status` from the headings.
    var routes: [String] {
        lines.filter { $0.hasPrefix("## GET ") || $0.hasPrefix("## POST ") }.map { String($0.dropFirst(3)) }
    }

    /// Everything in backticks in the first column of a table.
    var firstColumn: Set<String> {
        let cells = lines.filter { $0.hasPrefix("| `") }.map { $0.split(separator: "|")[0] }
        return Set(cells.flatMap { cell in cell.matches(of: #/`([^`]+)`/#).map { String($0.output.1) } })
    }

    var examples: [Example] {
        var examples: [Example] = []
        var isInside = false
        for line in lines {
            if line.hasPrefix("```json ") {
                examples.append(Example(type: String(line.dropFirst(8)), json: ""))
                isInside = true
            } else if line == "```" {
                isInside = false
            } else if isInside {
                examples[examples.count - 1].json += line + "\n"
            }
        }
        return examples
    }

    private var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}
