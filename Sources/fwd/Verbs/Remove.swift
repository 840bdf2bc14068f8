import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore

struct Remove: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Stop forwards and take them out of their files.",
        discussion: "They stop listening at once; connections that are open go on until they end by themselves."
    )

    @Argument(
        help: ArgumentHelp("What to remove.", valueName: "gateway/name"), completion: NameCompletion.forwards)
    var forwards: [ForwardID]

    @OptionGroup var common: CommonOptions

    func execute() async throws {
        try await SupervisorContact.with(common) { contact in
            try checkAllExist(contact.directory)
            for id in forwards {
                try contact.directory.remove(id)
                Console.data("\(id): removed")
            }
            guard contact.isSupervised else {
                if contact.supervised != nil { Console.talk(SupervisorContact.otherDirectory) }
                return
            }
            try await contact.takeUp(changesOf: Set(forwards.map(\.gateway)))
        }
    }

    /// A name with a typing error must not leave half of the work done.
    private func checkAllExist(_ directory: ForwardsDirectory) throws(ConfigError) {
        for (gateway, ids) in Dictionary(grouping: forwards, by: \.gateway).sorted(by: { $0.key < $1.key }) {
            var file = try directory.file(ofGateway: gateway)
            for id in ids { file = try file.removing(forward: id.forward) }
        }
    }
}
