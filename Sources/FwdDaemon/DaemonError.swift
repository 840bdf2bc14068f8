import FwdCore

/// Why the daemon cannot start or go on.
public struct DaemonError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// `forwards.d` cannot be read.
        public static let configuration = Code(rawValue: "configuration")
        /// The health endpoint cannot listen.
        public static let health = Code(rawValue: "health")
        /// A file, a directory or a port that this user may not use.
        public static let permission = Code(rawValue: "permission")
        /// The kernel does not tell of changes of the network.
        public static let network = Code(rawValue: "network")
        /// The kernel does not tell of changes of a directory.
        public static let watch = Code(rawValue: "watch")
        /// The demo did not show what it should.
        public static let demo = Code(rawValue: "demo")
    }

    public let code: Code
    /// One sentence for people.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// None of these heals by itself.
    public var failureClass: FailureClass { .needsOperator }
}
