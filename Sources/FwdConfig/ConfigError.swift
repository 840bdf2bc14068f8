import FwdCore

/// Why a directory could not be loaded or a file could not be edited.
///
/// What is wrong inside one file is no `ConfigError` while loading: it is a `ConfigDiagnostic`, and the other files
/// are used all the same.
public struct ConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong; more codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The directory or file cannot be read.
        public static let unreadable = Code(rawValue: "unreadable")
        /// The file could not be written; the old one is untouched.
        public static let unwritable = Code(rawValue: "unwritable")
        /// Another process holds the directory's lock.
        public static let locked = Code(rawValue: "locked")
        /// There is no file for that gateway.
        public static let noSuchGateway = Code(rawValue: "noSuchGateway")
        /// The file has no forward of that name.
        public static let noSuchForward = Code(rawValue: "noSuchForward")
        /// The file has a forward of that name already.
        public static let forwardExists = Code(rawValue: "forwardExists")
        /// A name or a spec that was asked for is not legal.
        public static let invalidArgument = Code(rawValue: "invalidArgument")
        /// Two forwards would listen at the same place.
        public static let listenConflict = Code(rawValue: "listenConflict")
        /// The file has errors and must be mended first; see `diagnostics`.
        public static let invalidFile = Code(rawValue: "invalidFile")
        /// The file is written in a way that the edit cannot be made safely.
        public static let uneditable = Code(rawValue: "uneditable")
    }

    public let code: Code
    /// One sentence that names path and cause.
    public let message: String
    /// The system's error number, where a system call failed.
    public let errorNumber: Int32?
    /// The errors inside the file, for `invalidFile` and `listenConflict`.
    public let diagnostics: [ConfigDiagnostic]

    public init(_ code: Code, _ message: String, errorNumber: Int32? = nil, diagnostics: [ConfigDiagnostic] = []) {
        self.code = code
        self.message = message
        self.errorNumber = errorNumber
        self.diagnostics = diagnostics
    }

    /// Files change by a person's hand only, so everything but a busy lock waits for one.
    public var failureClass: FailureClass { code == .locked ? .retry : .needsOperator }

    public var description: String { ([message] + diagnostics.map(\.description)).joined(separator: "\n") }
}
