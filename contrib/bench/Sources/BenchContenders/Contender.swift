import BenchSystem

/// A program that carries -L forwards, and how it is started.
public struct Contender: Sendable {
    /// A command with its environment; one gateway needs one or, with `fwd`, all of them together.
    public struct Launch: Sendable {
        public var command: [String]
        public var environment: [String: String] = [:]

        public init(_ command: [String], environment: [String: String] = [:]) {
            self.command = command
            self.environment = environment
        }
    }

    /// The word for options and files.
    public let name: String
    /// As in tables, in Markdown.
    public let title: String
    /// The commands for a plan; `directory` is for files of this run.
    let launches: @Sendable (_ plan: ForwardPlan, _ directory: WorkDirectory) throws -> [Launch]

    /// No forwarder: clients connect to the target. Its place in a table is that of the line itself.
    public static let plainTCP = Contender(name: "tcp", title: "plain TCP") { _, _ in [] }

    public static let all = ["fwd", "ssh", "ssh-gcm", "autossh", "dbclient", "asyncssh", "sshtunnel", "fwd-stock"]
}
