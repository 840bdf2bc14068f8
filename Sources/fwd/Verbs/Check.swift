import ArgumentParser
import FwdConfig
import FwdCore
import FwdOpenSSH

struct Check: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Validate the directory.",
        discussion: """
            Asks ssh -G what ssh_config says about each host. Prints one line per finding, also what ssh_config says and \
            fwd does not do. Exits with 78 if a file would be refused.
            """)

    @OptionGroup var common: CommonOptions

    func execute() async throws {
        let contents = try await directory().resolved(using: SSHClientProgram())
        for diagnostic in contents.diagnostics { Console.data("\(diagnostic)") }
        let forwards = contents.gateways.values.reduce(0) { $0 + $1.forwards.count }
        Console.talk(
            [
                count(contents.gateways.count, "gateway"), count(forwards, "forward"),
                count(contents.diagnostics.errors.count, "error"),
                count(contents.diagnostics.warnings.count, "warning"),
            ].joined(separator: ", "))
        if !contents.refused.isEmpty || !contents.diagnostics.errors.isEmpty { throw ExitStatus.configuration }
    }

    /// The named one, else that of the supervisor, else the standard one. A supervisor that cannot be asked is none.
    private func directory() async throws -> ForwardsDirectory {
        if let named = common.namedDirectory { return ForwardsDirectory(path: named) }
        return try await SupervisorContact.with(common) { $0.directory }
    }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
