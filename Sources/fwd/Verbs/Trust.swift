import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore
import FwdOpenSSH

struct Trust: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a server's host keys, show them, and pin them.",
        discussion: """
            Shows the keys of all types, of each server of the gateway, beside what is pinned, known_hosts and DNS (SSHFP) say, and asks before it pins \
            them. Nothing is ever pinned without an answer at a terminal or --expect. Compare the fingerprints with what \
            "ssh-keygen -lf" prints on the server itself. Comments in the gateway's file stay.
            """)

    @Argument(help: "The gateway.", completion: NameCompletion.gateways)
    var gateway: String

    @Flag(help: "Pin keys of the server that are not pinned yet, beside those that are.")
    var add = false

    @Flag(help: "Pin the server's keys and remove the pins of keys that it does not offer.")
    var replace = false

    @Flag(help: "With --add: let the pins that are there retire. They are used only while the server has no other.")
    var retire = false

    @Option(
        help: ArgumentHelp(
            "Do not ask: pin the key with this fingerprint; may be repeated. Each must be among the server's keys.",
            valueName: "SHA256:fingerprint"),
        transform: Fingerprint.parse)
    var expect: [String] = []

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("How long to wait until the gateway is up.", valueName: "seconds"))
    var timeout = ControlLimits.defaultSettledSeconds

    func validate() throws {
        try WaitOption.check(timeout)
        if add, replace { throw ValidationError("--add keeps the pins that are there, --replace does not: give one") }
        if retire, !add { throw ValidationError("--retire needs --add") }
    }

    private var mode: TrustMode {
        if add { return .add(isRetiring: retire) }
        return replace ? .replace : .pin
    }

    func execute() async throws {
        try await SupervisorContact.with(common) { contact in
            let (configuration, gateways) = try await GatewayLookUp(contact.directory).find(gateway, needsFile: true)
            let inspection = try await ServersInspection.of(configuration, among: gateways)
            for failure in inspection.failures { Console.talk(failure.description) }
            Console.data(TrustView.render(inspection.evidence(expected: expect), Console.style))
            let query = inspection.query(configuration, expected: expect)
            switch try query.decide(mode) {
            case .nothing(let message): Console.talk(message)
            case .write(let change): try await write(try confirm(change, query), contact)
            }
        }
    }

    private func confirm(_ change: PinChange, _ query: TrustQuery) throws -> PinChange {
        if !expect.isEmpty { return change }
        guard TrustPrompt.isPossible else {
            throw TrustRefusal(
                "nothing is pinned: there is no terminal to ask at; say which keys are right, as in: fwd trust"
                    + " \(gateway)\(flags) --expect \(change.adding.first?.fingerprint ?? "SHA256:…")")
        }
        switch TrustPrompt(change: change).ask() {
        case .yes: return change
        case .fingerprint(let text): return query.narrowed(change, to: text)
        case .no: throw TrustRefusal("nothing is pinned")
        }
    }

    private var flags: String {
        (add ? " --add" : "") + (retire ? " --retire" : "") + (replace ? " --replace" : "")
    }

    private func write(_ change: PinChange, _ contact: SupervisorContact) async throws {
        try contact.directory.setHostKeys(
            ofGateway: gateway, adding: change.adding.map { HostKeyEntry($0) }, removing: change.removing,
            retiring: change.retiring)
        let file = contact.directory.path(ofGateway: gateway)
        for pin in change.adding { Console.talk("pinned \(pin) in \(file)") }
        for pin in change.removing { Console.talk("removed the pin \(pin)") }
        for pin in change.retiring { Console.talk("\(pin) is to retire") }
        guard contact.isSupervised else { return Console.talk(contact.laterHint) }
        try await settle(contact)
    }

    private func settle(_ contact: SupervisorContact) async throws {
        let reply = try await contact.reload()
        if reply.gateways.contains(where: { $0.gateway == gateway && $0.action == .refused }) {
            throw ExitStatus.configuration
        }
        let settled = try await contact.client.settled(gateway: gateway, timeout: .seconds(timeout))
        Console.data(Outcome.line(settled.gateway, Console.style))
        if !settled.isSettled {
            Console.talk("\(gateway) is not up after \(Int(timeout)) s; fwd list shows how it goes on")
        }
        if settled.gateway.state != .up { throw ExitStatus.failure }
    }
}

/// `SHA256:` and 43 characters of base64, as ssh-keygen prints it.
enum Fingerprint {
    static func parse(_ text: String) throws -> String {
        let digest = text.hasPrefix("SHA256:") ? text.dropFirst(7) : ""
        let bare = digest.hasSuffix("=") ? digest.dropLast() : digest
        let isBase64 = bare.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard bare.utf8.count == 43, isBase64 else {
            throw ValidationError("expected a fingerprint, SHA256: and 43 characters of base64, not \"\(text)\"")
        }
        return "SHA256:\(bare)"
    }
}
