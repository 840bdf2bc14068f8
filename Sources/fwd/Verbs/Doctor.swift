import ArgumentParser
import FwdConfig
import FwdCore

struct Doctor: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Walk from here to a gateway's targets, and say what mends each step that fails.",
        discussion: """
            Goes through the file, the supervisor, DNS, TCP, banner, key exchange, host key and login, then through the \
            listener and the target of each forward, in less than 10 s. It logs in once, and never connects to a server \
            without logging in. Exits with 1 if a step failed. With --authorized-keys or --sshd-config it connects \
            nowhere and prints what the server must allow for the enabled forwards and the gateways that are reached \
            through it, and nothing more; either is enough. Print them anew after changing forwards.
            """)

    @Argument(
        help: ArgumentHelp("The gateway, or one of its forwards.", valueName: "gateway[/name]"),
        completion: NameCompletion.all)
    var target: ForwardTarget

    @Flag(help: "Print only the line for ~/.ssh/authorized_keys on the server.")
    var authorizedKeys = false

    @Flag(name: .customLong("sshd-config"), help: "Print only the block for /etc/ssh/sshd_config on the server.")
    var serverConfiguration = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var common: CommonOptions

    private var isPrinting: Bool { authorizedKeys || serverConfiguration }

    func validate() throws {
        if authorizedKeys, serverConfiguration {
            throw ValidationError("--authorized-keys and --sshd-config each print one of the two alone: give one")
        }
        if isPrinting, target.forward != nil {
            let message = "the line and the block are for all forwards of \(target.gateway): leave out the name"
            throw ValidationError(message)
        }
        if isPrinting, json { throw ValidationError("--json is of the walk: leave out the other flag") }
    }

    func execute() async throws {
        if isPrinting { try await printAllowances() } else { try await walk() }
    }

    // MARK: - The walk

    private func walk() async throws {
        let view = DoctorView(gateway: target.gateway, style: Console.style)
        let walk = DoctorWalk(target: target, common: common) { step, widths in
            if !json { Console.data(view.line(step, widths)) }
        }
        let (report, exit) = try await walk.run()
        if json {
            Console.data(try JSONText.render(report))
        } else if let advice = view.advice(report.steps) {
            Console.data("\n\(advice)")
        }
        if exit != .success { throw exit }
        if !json { Console.talk(healthy) }
    }

    private var healthy: String {
        "\(target.gateway): nothing to mend; what its server must allow at least:"
            + " fwd doctor \(target.gateway) --authorized-keys, or --sshd-config"
    }

    // MARK: - What the server must allow

    private func printAllowances() async throws {
        try await SupervisorContact.with(common) { contact in
            let (configuration, gateways) = try await GatewayLookUp(contact.directory)
                .find(target.gateway, needsFile: false)
            for (number, allowance) in try Allowance.all(configuration, among: gateways.values).enumerated() {
                if number > 0 { Console.data("") }
                if authorizedKeys { showLine(allowance) } else { showBlock(allowance) }
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
        Console.talk("for all keys of the user, at the end of \(servers) /etc/ssh/sshd_config:")
        Console.data(privilege.matchBlock)
        if privilege.hasChosenPorts { Console.talk(Self.chosenPorts) }
    }

    private static let chosenPorts =
        "where the server chooses the port (-R 0:…), only \"any port\" can be allowed; fixed ports are tighter"
}
