import Foundation
import FwdTestSupport

/// The commands of contrib/doc/vpn-between-two-offices.md that its lab can run.
///
/// A comment in the line before a block of shell says on which host: `<!-- lab: gate-a -->`. With `prints NAME` the
/// last line of its output stands for `NAME` in the blocks behind it.
struct Guide {
    struct Step {
        let host: String
        /// What its output is called later.
        let output: String?
        let lines: String
        /// Where it stands in the page, from 1.
        let line: Int
    }

    let steps: [Step]
    /// Blocks of shell without a host, and not marked as not for the lab.
    let unmarked: [Int]

    static func read() throws -> Guide {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let page = root.appending(path: "contrib/doc/vpn-between-two-offices.md")
        return Guide(String(decoding: try Data(contentsOf: page), as: UTF8.self))
    }

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var (steps, unmarked): ([Step], [Int]) = ([], [])
        for (index, line) in lines.enumerated() where line == "```sh" {
            let block = lines[(index + 1)...].prefix { $0 != "```" }.joined(separator: "\n")
            let mark = index > 0 ? lines[index - 1].split(separator: " ") : []
            if mark.count >= 4, mark[1] == "lab:" {
                let output = mark.count == 6 && mark[3] == "prints" ? String(mark[4]) : nil
                steps.append(Step(host: String(mark[2]), output: output, lines: block, line: index + 1))
            } else if mark.prefix(4) != ["<!--", "not", "in", "the"] {
                unmarked.append(index + 1)
            }
        }
        self.steps = steps
        self.unmarked = unmarked
    }
}
