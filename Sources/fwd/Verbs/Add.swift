import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore

struct Add: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Write forwards into a gateway's file and start them.",
        discussion: """
            Waits until each is up, or says why it is not and exits with 1. Without a supervisor the forwards start with \
            the next "fwd run". With --host a gateway's file is made if there is none.
            """)

    @Argument(
        help: ArgumentHelp("The gateway, or the new forward's full name.", valueName: "gateway[/name]"),
        completion: NameCompletion.gateways)
    var target: ForwardTarget

    @OptionGroup var forwards: ForwardOptions
    @OptionGroup var newGateway: NewGatewayOptions
    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("How long to wait until they are up.", valueName: "seconds"))
    var timeout = ControlLimits.defaultSettledSeconds

    func validate() throws {
        try WaitOption.check(timeout)
        if target.forward != nil, forwards.specs.count > 1 {
            throw ValidationError("\(target.gateway)/NAME names one forward, but several are given")
        }
    }

    func execute() async throws {
        try await SupervisorContact.with(common) { contact in
            let added = try AddEdit(directory: contact.directory, target: target, new: newGateway).write(forwards.specs)
            guard contact.isSupervised else {
                for forward in added { Console.data("\(target.gateway)/\(forward.name): \(forward.spec)") }
                Console.talk("written to \(contact.directory.path(ofGateway: target.gateway)); \(contact.laterHint)")
                return
            }
            try await start(added, contact)
        }
    }

    private func start(_ added: [ForwardConfiguration], _ contact: SupervisorContact) async throws {
        try await contact.takeUp(changesOf: [target.gateway])
        let ids = added.map { ForwardID(gateway: target.gateway, forward: $0.name) }
        try await contact.waitUntilUp(ids, timeout: timeout)
    }
}

/// The change of the file: all the forwards, or none.
struct AddEdit {
    let directory: ForwardsDirectory
    let target: ForwardTarget
    let new: NewGatewayOptions

    /// - Returns: the forwards as they stand in the file.
    func write(_ specs: [String]) throws(ConfigError) -> [ForwardConfiguration] {
        if let host = new.host { return try create(host, specs) }
        // Everything that can be wrong with the text shows before the first byte is written.
        _ = try adding(specs, to: try directory.file(ofGateway: target.gateway))
        var added: [ForwardConfiguration] = []
        for spec in specs {
            do throws(ConfigError) {
                added.append(try directory.add(forward: target.forward, spec: spec, toGateway: target.gateway))
            } catch {
                for forward in added {
                    try? directory.remove(ForwardID(gateway: target.gateway, forward: forward.name))
                }
                throw error
            }
        }
        return added
    }

    private func create(_ host: String, _ specs: [String]) throws(ConfigError) -> [ForwardConfiguration] {
        try DirectoryCreation.make(directory.path)
        if try exists() {
            throw ConfigError(
                .invalidArgument,
                "the gateway \"\(target.gateway)\" exists (\(directory.path(ofGateway: target.gateway))); --host and the "
                    + "options with it are for a new one")
        }
        let empty = try ForwardsFile(
            gateway: target.gateway, path: directory.path(ofGateway: target.gateway), text: new.text(host: host))
        let file = try adding(specs, to: empty)
        try directory.write(file.text, gateway: target.gateway)
        return file.configuration.forwards
    }

    private func exists() throws(ConfigError) -> Bool {
        do throws(ConfigError) {
            _ = try directory.file(ofGateway: target.gateway)
            return true
        } catch {
            if error.code == .noSuchGateway { return false }
            if error.code == .invalidFile { return true }
            throw error
        }
    }

    private func adding(_ specs: [String], to file: ForwardsFile) throws(ConfigError) -> ForwardsFile {
        var file = file
        for spec in specs { file = try file.adding(forward: target.forward, spec: spec) }
        return file
    }
}
