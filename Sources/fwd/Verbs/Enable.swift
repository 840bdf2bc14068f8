import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore

struct Enable: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Start forwards that are disabled.",
        discussion: """
            Writes "enabled: true" into their files, waits until each is up, or says why it is not and exits with 1. \
            Without a supervisor they start with the next "fwd run".
            """)

    @Argument(
        help: ArgumentHelp("What to start.", valueName: "gateway/name"), completion: NameCompletion.forwards)
    var forwards: [ForwardID]

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("How long to wait until they are up.", valueName: "seconds"))
    var timeout = ControlLimits.defaultSettledSeconds

    func validate() throws {
        try WaitOption.check(timeout)
    }

    func execute() async throws {
        try await SupervisorContact.with(common) { contact in
            try EnabledEdit(contact.directory, enabled: true).write(forwards)
            guard contact.isSupervised else {
                for id in forwards { Console.data("\(id): enabled") }
                return Console.talk(contact.laterHint)
            }
            try await contact.takeUp(changesOf: Set(forwards.map(\.gateway)))
            try await contact.waitUntilUp(forwards, timeout: timeout)
        }
    }
}

/// The change of the files: all the forwards, or none.
struct EnabledEdit {
    private let directory: ForwardsDirectory
    private let enabled: Bool

    init(_ directory: ForwardsDirectory, enabled: Bool) {
        self.directory = directory
        self.enabled = enabled
    }

    func write(_ forwards: [ForwardID]) throws(ConfigError) {
        try check(forwards)
        for id in forwards { try directory.set(id, enabled: enabled) }
    }

    /// A name with a typing error must not leave half of the work done.
    private func check(_ forwards: [ForwardID]) throws(ConfigError) {
        for id in forwards {
            _ = try directory.file(ofGateway: id.gateway).setting(forward: id.forward, enabled: enabled)
        }
    }
}
