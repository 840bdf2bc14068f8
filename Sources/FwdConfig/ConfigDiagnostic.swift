/// One thing that is wrong, or worth a warning, in one place of one file.
///
/// The message names the key, what was read and what was expected; `description` is the line that compilers print,
/// so that editors can jump to it.
public struct ConfigDiagnostic: Hashable, Sendable, CustomStringConvertible {
    public enum Severity: String, Codable, Sendable {
        /// The file is refused.
        case error
        /// The file is used; `fwd check` shows it.
        case warning
    }

    public let severity: Severity
    /// The file's path, as reached through the directory that was loaded.
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1, counted in Unicode scalars.
    public let column: Int
    public let message: String

    public init(severity: Severity, file: String, line: Int, column: Int, message: String) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "\(file):\(line):\(column): \(severity.rawValue): \(message)" }
}

extension [ConfigDiagnostic] {
    public var errors: [ConfigDiagnostic] { filter { $0.severity == .error } }
    public var warnings: [ConfigDiagnostic] { filter { $0.severity == .warning } }
}
