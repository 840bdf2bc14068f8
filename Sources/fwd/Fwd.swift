import ArgumentParser
import FwdDaemon

@main
struct Fwd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fwd",
        abstract: "Keeps SSH port forwards up and tells the truth about them.",
        discussion: """
            Forwards are declared in forwards.d, one YAML file per gateway. "fwd run" supervises them; the other verbs \
            talk to it. "fwd demo" shows it all on this machine.
            """,
        version: FwdVersion.description,
        subcommands: [
            Run.self, List.self, Status.self, History.self, Add.self, Remove.self, Enable.self, Disable.self,
            Trust.self, Check.self, Doctor.self, Import.self, Diff.self, Reload.self, Retry.self, Demo.self,
            Manual.self,
        ])
}
