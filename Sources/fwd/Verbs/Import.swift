import ArgumentParser
import FwdConfig
import FwdOpenSSH

struct Import: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Take forwards over from an ssh_config.",
        discussion: """
            Writes a gateway's file for every Host of the file that has LocalForward or RemoteForward; host, user, keys \
            and the way to the server stay in ssh_config, where fwd reads them. Never changes a file that exists. What is \
            not taken over is said. Take the forwards out of ssh_config afterwards, or ssh and fwd both want the ports.
            """)

    @Argument(
        help: ArgumentHelp(
            "The ssh_config.", discussion: "Default: ~/.ssh/config. A word without \"/\" that is no file is a Host."),
        completion: .file())
    var file: String?

    @Argument(help: ArgumentHelp("The Hosts to import; all if absent.", valueName: "alias"))
    var aliases: [String] = []

    @Flag(name: .customLong("dry-run"), help: "Print the files instead of writing them.")
    var isDryRun = false

    @OptionGroup var common: CommonOptions

    func execute() async throws {
        let source = ImportSource([file].compactMap { $0 } + aliases)
        try source.check()
        try await SupervisorContact.with(common) { contact in
            var job = ImportJob(directory: contact.directory, source: source, isDryRun: isDryRun)
            try await job.run()
            if !isDryRun, !job.written.isEmpty { try await start(contact) }
            if job.hasFailed { throw ExitStatus.failure }
        }
    }

    private func start(_ contact: SupervisorContact) async throws {
        guard contact.isSupervised else { return Console.talk(contact.laterHint) }
        _ = try await contact.reload()
        Console.talk("fwd list shows how they start")
    }
}
