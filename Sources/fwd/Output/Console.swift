import Foundation

/// Data goes to standard output, talk to standard error.
enum Console {
    static func data(_ text: String) {
        write(text, to: .standardOutput)
    }

    /// As it is, without a line feed.
    static func raw(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    /// A sentence for the person in front: `fwd: …`.
    static func talk(_ text: String) {
        write("fwd: \(text)", to: .standardError)
    }

    /// A question, which the answer follows on the same line.
    static func ask(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("fwd: \(text)".utf8))
    }

    /// Colours are for people: on a terminal, and unless NO_COLOR (https://no-color.org) is set.
    static var style: Style {
        let isDisabled = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return isatty(STDOUT_FILENO) == 1 && !isDisabled ? .coloured : .plain
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that has gone away (fwd list | head) is no error of ours.
        try? handle.write(contentsOf: Data((text + "\n").utf8))
    }
}
