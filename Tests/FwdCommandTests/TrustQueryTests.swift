import ArgumentParser
import FwdCore
import Testing

@testable import fwd

@Suite struct TrustQueryTests {
    static let ed = HostKeyPin(type: "ssh-ed25519", fingerprint: "SHA256:ed")
    static let rsa = HostKeyPin(type: "ssh-rsa", fingerprint: "SHA256:rsa")
    static let otherEd = HostKeyPin(type: "ssh-ed25519", fingerprint: "SHA256:other")

    struct Case: Sendable, CustomStringConvertible {
        var pins: [HostKeyPin] = []
        var retiring: Set<HostKeyPin> = []
        var offered = [ed, rsa]
        /// Of a second server.
        var fallback: [HostKeyPin]?
        var isComplete = true
        var revoked: [HostKeyPin: String] = [:]
        var expected: [String] = []
        var mode = TrustMode.pin
        var outcome: Result<TrustQuery.Decision, TrustRefusal>

        var description: String { "\(mode) \(pins) \(offered) \(expected)" }

        private var servers: [TrustQuery.Server] {
            [TrustQuery.Server(name: "h", offered: offered)]
                + (fallback.map { [TrustQuery.Server(name: "i", offered: $0)] } ?? [])
        }

        var decision: Result<TrustQuery.Decision, TrustRefusal> {
            let query = TrustQuery(
                gateway: "g", trust: HostTrust(pins: pins, retiring: retiring), servers: servers,
                isComplete: isComplete, revoked: revoked, expected: expected)
            do throws(TrustRefusal) {
                return .success(try query.decide(mode))
            } catch {
                return .failure(error)
            }
        }
    }

    private static func writes(
        _ adding: [HostKeyPin], removing: Set<HostKeyPin> = [], retiring: Set<HostKeyPin> = []
    ) -> Result<TrustQuery.Decision, TrustRefusal> {
        .success(.write(PinChange(adding: adding, removing: removing, retiring: retiring)))
    }

    static let writing: [Case] = [
        Case(outcome: writes([ed, rsa])),
        Case(expected: ["SHA256:rsa"], outcome: writes([rsa])),
        Case(revoked: [ed: "k:1"], outcome: writes([rsa])),
        Case(mode: .replace, outcome: writes([ed, rsa])),
        Case(pins: [ed], mode: .add(isRetiring: false), outcome: writes([rsa])),
        Case(pins: [ed], mode: .add(isRetiring: true), outcome: writes([rsa], retiring: [ed])),
        Case(pins: [otherEd], mode: .add(isRetiring: true), outcome: writes([ed, rsa], retiring: [otherEd])),
        Case(
            pins: [ed, otherEd], retiring: [ed], expected: ["SHA256:ed"], mode: .add(isRetiring: false),
            outcome: writes([ed])),
        Case(pins: [otherEd], mode: .replace, outcome: writes([ed, rsa], removing: [otherEd])),
        Case(pins: [otherEd], expected: ["SHA256:ed"], mode: .replace, outcome: writes([ed], removing: [otherEd])),
        Case(pins: [rsa, otherEd], offered: [rsa], mode: .replace, outcome: writes([], removing: [otherEd])),
        Case(pins: [ed], revoked: [ed: "k:1"], mode: .replace, outcome: writes([rsa], removing: [ed])),
        Case(offered: [ed], fallback: [otherEd, rsa], outcome: writes([ed, otherEd, rsa])),
        Case(pins: [ed], offered: [ed], fallback: [otherEd], mode: .add(isRetiring: false), outcome: writes([otherEd])),
        Case(
            pins: [ed, otherEd], offered: [ed], fallback: [rsa], mode: .replace,
            outcome: writes([rsa], removing: [otherEd])),
        Case(pins: [ed], isComplete: false, mode: .add(isRetiring: false), outcome: writes([rsa])),
    ]

    @Test(arguments: writing) func thePinsChange(_ example: Case) {
        #expect(example.decision == example.outcome)
    }

    static let silent: [(Case, String)] = [
        (Case(pins: [ed, rsa], outcome: writes([])), "ssh-ed25519 SHA256:ed and ssh-rsa SHA256:rsa already pinned"),
        (
            Case(pins: [ed], outcome: writes([])),
            "ssh-ed25519 SHA256:ed already pinned; the server also offers ssh-rsa SHA256:rsa: fwd trust g --add pins "
                + "that, too"
        ),
        (Case(pins: [ed], revoked: [rsa: "k:1"], outcome: writes([])), "ssh-ed25519 SHA256:ed already pinned"),
        (
            Case(pins: [ed, otherEd], retiring: [ed], offered: [ed], outcome: writes([])),
            "ssh-ed25519 SHA256:ed already pinned, but to retire: the server has none of the other pins"
        ),
        (
            Case(pins: [ed, rsa], mode: .add(isRetiring: true), outcome: writes([])),
            "ssh-ed25519 SHA256:ed and ssh-rsa SHA256:rsa already pinned; with nothing to add, nothing is retired"
        ),
        (
            Case(pins: [ed, rsa], mode: .replace, outcome: writes([])),
            "ssh-ed25519 SHA256:ed and ssh-rsa SHA256:rsa already pinned, and nothing else"
        ),
        (
            Case(pins: [ed, otherEd], offered: [ed], fallback: [otherEd], outcome: writes([])),
            "ssh-ed25519 SHA256:ed and ssh-ed25519 SHA256:other already pinned"
        ),
        (
            Case(pins: [otherEd, rsa], offered: [rsa, ed], isComplete: false, outcome: writes([])),
            "ssh-rsa SHA256:rsa already pinned; the server also offers ssh-ed25519 SHA256:ed: fwd trust g --add pins "
                + "that, too"
        ),
    ]

    @Test(arguments: silent) func nothingIsToBeDone(_ example: Case, _ message: String) {
        #expect(example.decision == .success(.nothing(message)))
    }

    static let refused: [(Case, String)] = [
        (Case(expected: ["SHA256:ed", "SHA256:x"], outcome: writes([])), "does not offer SHA256:x but"),
        (Case(revoked: [ed: "k:1"], expected: ["SHA256:ed"], outcome: writes([])), "is revoked (k:1)"),
        (Case(revoked: [ed: "k:1", rsa: "k:2"], outcome: writes([])), "offers is revoked (k:1, k:2)"),
        (
            Case(pins: [otherEd], offered: [ed], outcome: writes([])),
            "HOST KEY MISMATCH: g pins ssh-ed25519 SHA256:other, the server offers ssh-ed25519 SHA256:ed: somebody may "
        ),
        (Case(pins: [otherEd, rsa], outcome: writes([])), "fwd trust g --replace --expect SHA256:ed"),
        (Case(pins: [ed], revoked: [ed: "k:1"], outcome: writes([])), "is pinned, but revoked (k:1)"),
        (
            Case(pins: [ed], expected: ["SHA256:rsa"], outcome: writes([])),
            "ssh-rsa SHA256:rsa is not pinned, other keys are; to add it: fwd trust g --add --expect SHA256:rsa"
        ),
        (
            Case(pins: [ed], offered: [ed], revoked: [ed: "k:1"], mode: .replace, outcome: writes([])),
            "every key that the server offers is revoked"
        ),
        (
            Case(pins: [ed], offered: [ed], fallback: [otherEd], outcome: writes([])),
            "the server i offers ssh-ed25519 SHA256:other: somebody may "
        ),
        // The pin of the first server's type is nobody else's, so its key has changed.
        (Case(pins: [otherEd, rsa], offered: [rsa, ed], fallback: [rsa], outcome: writes([])), "the server h offers"),
        (Case(pins: [otherEd], isComplete: false, mode: .replace, outcome: writes([])), "nothing is replaced"),
    ]

    @Test(arguments: refused) func whatIsDoubtfulIsRefused(_ example: Case, _ part: String) {
        guard case .failure(let refusal) = example.decision else {
            Issue.record("\(example.decision)")
            return
        }
        #expect(refusal.description.contains(part))
    }

    @Test(
        arguments: [
            ("yes", .yes), (" yes ", .yes), ("no", .no), ("", .no), ("SHA256:ed", .fingerprint("SHA256:ed")),
            ("y", nil),
            ("YES", nil), ("SHA256:x", nil),
        ] as [(String, TrustPrompt.Answer?)])
    func onlyAWholeYesOrTheFingerprintIsConsent(_ line: String, _ answer: TrustPrompt.Answer?) {
        #expect(TrustPrompt(change: PinChange(adding: [Self.ed, Self.rsa])).answer(to: line) == answer)
    }

    @Test func theQuestionSaysWhatGoes() {
        let both = PinChange(adding: [Self.ed], removing: [Self.rsa])
        #expect(TrustPrompt(change: both).question == "Pin this key? And remove ssh-rsa SHA256:rsa?")
        #expect(TrustPrompt(change: PinChange(removing: [Self.rsa])).question == "Remove the pin ssh-rsa SHA256:rsa?")
        #expect(TrustPrompt(change: PinChange(adding: [Self.ed, Self.rsa])).question == "Pin these keys?")
    }

    @Test func aFingerprintLosesItsPadding() throws {
        let bare = "SHA256:" + String(repeating: "a", count: 43)
        #expect(try Fingerprint.parse(bare + "=") == bare)
        #expect(try Fingerprint.parse(bare) == bare)
        #expect(throws: ValidationError.self) { try Fingerprint.parse(bare + "a") }
        #expect(throws: ValidationError.self) { try Fingerprint.parse("MD5:" + String(repeating: "a", count: 43)) }
    }
}
