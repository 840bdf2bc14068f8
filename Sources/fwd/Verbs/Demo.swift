import ArgumentParser
import FwdDaemon

struct Demo: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show it all on this machine.",
        discussion: """
            Starts a private sshd and a small web server on loopback, supervises one -L and one -R between them, prints \
            commands to try, and cleans up at Ctrl-C. Needs OpenSSH's sshd and ssh-keygen, and no privileges.
            """)

    @Flag(help: "Fetch through both forwards, say whether it worked, and end.")
    var once = false

    @Option(
        name: .customLong("dir"),
        help: ArgumentHelp(
            "The directory whose demo.yaml is shown. Default: forwards.d of the sources.", valueName: "dir"),
        completion: .directory)
    var directory: String?

    @Option(help: "How much is logged.")
    var logLevel: LogLevel = .warning

    func execute() async throws {
        let logger = LineLogHandler.logger(format: .text, level: logLevel.level)
        let examples = directory.map { [CommonOptions.absolute($0)] }
        let demo = FwdDaemon.Demo(examples: examples, isOnce: once, logger: logger) { Console.data($0) }
        try await demo.run()
    }
}
