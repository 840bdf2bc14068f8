import ArgumentParser
import FwdControl

struct Diff: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show what a reload would do.",
        discussion: """
            Asks the supervisor to compare the files with what it runs; nothing is changed. Exits with 0 if a reload would \
            change nothing, with 1 if it would, with 78 if a file would be refused.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print JSON.")
    var json = false

    func execute() async throws {
        let plan = try await ControlClient.with(path: try common.controlPath()) { try await $0.plan() }
        let changes = plan.gateways.filter { $0.action != .kept }
        if json {
            Console.data(try JSONText.render(plan))
        } else if !changes.isEmpty {
            Console.data(ReloadView.render(changes, Console.style))
        }
        for line in plan.errors + plan.warnings { Console.talk(line) }
        if !plan.isSuccessful { throw ExitStatus.configuration }
        if !changes.isEmpty { throw ExitStatus.failure }
    }
}
