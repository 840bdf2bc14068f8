import FwdConfig
import FwdDaemon
import FwdTestSupport
import Testing

@testable import fwd

@Suite struct ManualTests {
    @Test(
        .enabled(if: (try? ChildProcess.find("mandoc")) != nil, "mandoc is not installed"),
        arguments: ManualPage.allCases)
    func aPageIsCleanMdoc(_ page: ManualPage) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file(page.fileName)
            try directory.write(try page.render(), to: page.fileName)
            let result = try await ProcessRun.run("mandoc", ["-T", "lint", "-W", "warning", path])
            #expect(result.output + result.errors == "")
            #expect(result.exit == .exited(0))
        }
    }

    @Test func theCommandsPageHasEveryVerbAndOption() throws {
        let page = try ManualPage.command.render()
        let root = try ToolInfo.of(Fwd.self)
        let verbs = (root.subcommands ?? []).filter { $0.commandName != "help" }
        #expect(verbs.count > 15)
        for verb in verbs {
            #expect(page.contains(".Ss fwd \(verb.commandName)\n"))
            for argument in OptionText.shown(verb) {
                let name = argument.preferredName?.text.replacing("-", with: "\\-") ?? argument.valueName ?? ""
                #expect(page.contains(name), "\(verb.commandName): \(name)")
            }
        }
    }

    @Test func theFilesPageHasEveryKey() throws {
        let page = try ManualPage.file.render()
        for key in KeyReference.sections.flatMap(\.keys) {
            let name = key.name.replacing("-", with: "\\-")
            #expect(page.contains(".It \(name)\n"), "\(key.name)")
        }
    }

    @Test func itsExampleIsAGoodFile() throws {
        _ = try ForwardsFile(gateway: "amsterdam", path: "amsterdam.yaml", text: FileManual.example)
    }

    @Test func theDaemonsPageHasEveryPathOfHealth() throws {
        let page = try ManualPage.daemon.render()
        for route in HealthRoute.allCases { #expect(page.contains(route.rawValue)) }
    }
}
