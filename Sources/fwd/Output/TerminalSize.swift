import Foundation

/// Of the terminal at standard output, in characters.
struct TerminalSize: Equatable {
    var columns: Int
    var rows: Int

    /// Of a terminal that does not know its size, such as a serial line.
    static let standard = TerminalSize(columns: 80, rows: 24)

    /// `nil` where standard output is no terminal.
    static var current: TerminalSize? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 1 else {
            return standard
        }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}
