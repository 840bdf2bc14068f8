import ArgumentParser
import FwdConfig
import FwdCore

struct Disable: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Stop forwards and keep their rules.",
        discussion: """
            Writes "enabled: false" into their files. They stop listening at once; connections that are open go on until \
            they end by themselves.
            """)

    @Argument(help: ArgumentHelp("What to stop.", valueName: "gateway/name"), completion: NameCompletion.forwards)
    var forwards: [ForwardID]

    @OptionGroup var common: CommonOptions

    func execute() async throws {
        try await SupervisorContact.with(common) { contact in
            try EnabledEdit(contact.directory, enabled: false).write(forwards)
            for id in forwards { Console.data("\(id): disabled") }
            guard contact.isSupervised else {
                if contact.supervised != nil { Console.talk(SupervisorContact.otherDirectory) }
                return
            }
            try await contact.takeUp(changesOf: Set(forwards.map(\.gateway)))
        }
    }
}
