/// What is drawn again and again in one place of a terminal.
///
/// A frame is written over the one before, line by line, and in one write, so that nothing flickers. The terminal's own
/// screen comes back when it is left. Sequences: ECMA-48, and xterm's private modes 7 (wrapping), 25 (cursor), 1049
/// (second screen), 2026 (synchronized output; ignored where unknown).
enum LiveScreen {
    static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// - Parameter rows: of the terminal; what does not fit is left out, and said to be.
    static func frame(_ text: String, rows: Int) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.count > rows {
            let shown = max(rows - 1, 0)
            lines = lines.prefix(shown) + ["… \(lines.count - shown) more lines"]
        }
        return "\u{1B}[?2026h\u{1B}[H" + lines.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[K\u{1B}[J\u{1B}[?2026l"
    }
}
