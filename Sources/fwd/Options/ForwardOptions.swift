import ArgumentParser
import FwdCore

/// `-L SPEC`, `-R SPEC` and `-D SPEC`, as often as wanted.
struct ForwardOptions: ParsableArguments {
    @Option(
        name: .customShort("L", allowingJoined: true),
        help: ArgumentHelp("Listen here, connect from the gateway.", valueName: "[bind:]port:host:hostport"))
    var local: [String] = []

    @Option(
        name: .customShort("R", allowingJoined: true),
        help: ArgumentHelp("Listen at the gateway, connect from here.", valueName: "[bind:]port:host:hostport"))
    var remote: [String] = []

    @Option(
        name: .customShort("D", allowingJoined: true),
        help: ArgumentHelp("A SOCKS and HTTP proxy here, connects from the gateway.", valueName: "[bind:]port"))
    var dynamic: [String] = []

    /// In ssh's form, `-L 5432:db:5432`.
    var specs: [String] { local.map { "-L \($0)" } + remote.map { "-R \($0)" } + dynamic.map { "-D \($0)" } }

    func validate() throws {
        if specs.isEmpty { throw ValidationError("give at least one -L, -R or -D") }
    }
}

/// `GATEWAY` or `GATEWAY/NAME`.
struct ForwardTarget: ExpressibleByArgument, Sendable {
    let gateway: String
    let forward: String?

    init?(argument: String) {
        if let id = ForwardID(argument) {
            (gateway, forward) = (id.gateway, id.forward)
        } else if ForwardsName.problem(with: argument) == nil {
            (gateway, forward) = (argument, nil)
        } else {
            return nil
        }
    }
}

extension ForwardID: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
