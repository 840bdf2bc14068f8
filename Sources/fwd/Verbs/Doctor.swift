import ArgumentParser
import FwdConfig
import FwdCore

struct Doctor: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Print what the server must allow a gateway's user, and nothing more.",
        discussion: """
            Prints the line for authorized_keys and the Match block for sshd_config that exactly fit the gateway's \
            enabled forwards and the gateways that are reached through it. Either is enough. Print them anew after \
            changing forwards.
            """)

    @Argument(help: "The gateway.", completion: NameCompletion.gateways)
    var gateway: String

    @Flag(help: "Print only the line for ~/.ssh/authorized_keys on the server.")
    var authorizedKeys = false

    @Flag(name: .customLong("sshd-config"), help: "Print only the block for /etc/ssh/sshd_config on the server.")
    var serverConfiguration = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if authorizedKeys, serverConfiguration {
            throw ValidationError("--authorized-keys and --sshd-config each print one of the two alone: give one")
        }
    }

    func execute() async throws {
        try await SupervisorContact.with(common) { contact in
            let (configuration, gateways) = try await GatewayLookUp(contact.directory).find(gateway, needsFile: false)
            for (number, allowance) in try Allowance.all(configuration, among: gateways.values).enumerated() {
                if number > 0 { Console.data("") }
                if !serverConfiguration { showLine(allowance) }
                if !serverConfiguration, !authorizedKeys { Console.data("") }
                if !authorizedKeys { showBlock(allowance) }
            }
        }
    }

    private func showLine(_ allowance: Allowance) {
        let privilege = allowance.privilege
        let key = KeyLine(of: allowance.login)
        Console.talk(
            "in ~\(privilege.user)/.ssh/authorized_keys on \(allowance.places), in place of the key's line:")
        Console.data("\(privilege.keyOptions) \(key.text)")
        if let problem = key.problem { Console.talk(problem) }
        if KeyLine.mayBeCertified(allowance.login) {
            Console.talk("a login with a certificate does not look at this line; use the Match block")
        }
        if privilege.listensBeyondLoopback {
            Console.talk("the server's sshd_config must say \"GatewayPorts clientspecified\"; the line cannot")
        }
        if privilege.hasChosenPorts { Console.talk(Self.chosenPorts) }
    }

    private func showBlock(_ allowance: Allowance) {
        let privilege = allowance.privilege
        let servers = allowance.hosts.count == 1 ? "the server's" : "each server's"
        Console.talk("or, for all keys of the user, at the end of \(servers) /etc/ssh/sshd_config:")
        Console.data(privilege.matchBlock)
        if privilege.hasChosenPorts, serverConfiguration { Console.talk(Self.chosenPorts) }
    }

    private static let chosenPorts =
        "where the server chooses the port (-R 0:…), only \"any port\" can be allowed; fixed ports are tighter"
}
