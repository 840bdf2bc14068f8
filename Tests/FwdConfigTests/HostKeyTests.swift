import FwdCore
import Testing

@testable import FwdConfig

@Suite struct HostKeyTests {
    private static let anyPin =
        "a pin \"type SHA256:…\", as in \"ssh-ed25519 SHA256:\" and 43 characters of base64, or a whole public key line"
    private static let types = "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa"
    private static let oneOfTypes = "a key type of \(types)"
    private static func unsupported(_ type: String) -> String {
        "a key of a type that fwd can negotiate (\(types)); \(type) is none of them"
    }

    @Test(arguments: [
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", anyPin), ("ssh-rsa", anyPin),
        ("ssh-rsa MD5:aa:bb", anyPin), ("\(pin) me@host", anyPin),
        ("rsa SHA256:x", "\(oneOfTypes); did you mean \"ssh-rsa\"?"), ("x SHA256:x", oneOfTypes),
        ("ed25519 SHA256:x", "\(oneOfTypes); did you mean \"ssh-ed25519\"?"),
        ("ssh-rsa SHA256:abc", "43 characters after \"SHA256:\", not 3"),
        (
            "ssh-rsa SHA256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "base64 after \"SHA256:\" (A-Z, a-z, 0-9, +, /)"
        ),
        (
            "ssh-rsa SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV",
            "the SHA-256 of a key; no key has this one, a character is wrong"
        ),
        ("ssh-dss SHA256:x", unsupported("ssh-dss")),
        ("ssh-dss AAAAB3NzaC1kc3MAAACBAP", unsupported("ssh-dss")),
        ("sk-ssh-ed25519@openssh.com AAAAGnNr", unsupported("sk-ssh-ed25519@openssh.com")),
        ("ssh-ed25519-cert-v01@openssh.com AAAAIHNz", unsupported("ssh-ed25519-cert-v01@openssh.com")),
        ("ssh-rsa AAAAB3NzaC1yc2E= me@host", "a whole public key line; this one's base64 is damaged"),
        (String(KeySamples.ed25519.dropLast(4)), "a whole public key line; this one's base64 is damaged"),
        (String(KeySamples.rsa.dropLast(40)), "a whole public key line; this one's base64 is damaged"),
        (String(KeySamples.ecdsa.dropLast(8)), "a whole public key line; this one's base64 is damaged"),
        (
            "t2.example.org \(KeySamples.ed25519)",
            "the key's type first, without the host name that known_hosts has in front"
        ),
    ])
    func whatCanMatchNoKeyIsRefused(text: String, expected: String) {
        let file = parse("gateway:\n  host: h\n  host-key:\n    - \(text)\n")
        let read = text.unicodeScalars.count > 60 ? String(text.prefix(60)) + "…" : text
        #expect(
            lines(file.diagnostics.errors) == ["4:7: error: gateway.host-key: read \"\(read)\", expected \(expected)"])
    }

    @Test func aLineWithTheKeyOfAnotherTypeIsRefused() throws {
        let file = parse(
            "gateway: {host: h, host-key: \(KeySamples.ed25519.replacing("ssh-ed25519", with: "ssh-rsa"))}")
        let error = try #require(file.diagnostics.errors.first)
        #expect(error.message.contains("expected a whole public key line; this one says ssh-rsa"))
    }

    @Test(arguments: [
        (KeySamples.ed25519, KeySamples.ed25519Pin), (KeySamples.ecdsa, KeySamples.ecdsaPin),
        (KeySamples.rsa, KeySamples.rsaPin), ("\(KeySamples.rsa) root@t2: its key", KeySamples.rsaPin),
        (KeySamples.rsaPin, KeySamples.rsaPin), ("\(KeySamples.rsaPin)=", KeySamples.rsaPin),
    ])
    func aFingerprintAndAWholeKeyAreTheSamePin(text: String, pin: String) throws {
        for value in ["'\(text)'", "['\(text)']", "\n    - '\(text)'", "\n    - {pin: '\(text)'}", "{pin: '\(text)'}"] {
            let trust = try file("gateway:\n  host: h\n  host-key: \(value)\n").configuration.trust
            #expect(trust.pins.map(\.description) == [pin])
            #expect(trust.retiring == [])
        }
    }

    @Test func aPinCanBeMarkedToRetire() throws {
        let trust = try file(
            """
            gateway:
              host: h
              host-key:
                - {pin: \(KeySamples.rsaPin), retire: true}
                - \(KeySamples.ed25519Pin)
                - pin: \(KeySamples.ecdsaPin)
                  retire: false
                - \(KeySamples.ed25519)
            """
        ).configuration.trust
        #expect(
            trust.pins.map(\.description) == [KeySamples.rsaPin, KeySamples.ed25519Pin, KeySamples.ecdsaPin])
        #expect(trust.retiring.map(\.description) == [KeySamples.rsaPin])
    }

    @Test(arguments: [
        Case("{retire: true}", "3:13: error: gateway.host-key.pin: missing, expected \(anyPin)"),
        Case(
            "{pin: \(pin), retire: yes}",
            "3:91: error: gateway.host-key.retire: read \"yes\", expected true or false"),
        Case(
            "{pin: \(pin), retires: true}",
            "3:83: error: gateway.host-key.retires: unknown key, did you mean \"retire\"?"),
        Case("[[\(pin)]]", "3:14: error: gateway.host-key: read a list, expected \(anyPin)"),
        Case("", "3:3: error: gateway.host-key: read nothing, expected \(anyPin)"),
        Case(
            "[\(pin), {pin: \(pin), retire: true}]",
            "3:78: error: gateway.host-key: \(pin) stands here twice, and only one of them is to retire"),
    ])
    func whatIsWrongInALongFormIsRefused(row: Case) {
        let file = parse("gateway:\n  host: h\n  host-key: \(row.text)\n")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test func pinsThatAllRetireGiveAWarning() {
        let key = "{pin: \(pin), retire: true}"
        let file = parse("gateway:\n  host: h\n  host-key: \(key)\nforwards: {a: -L 1:b:2}\n")
        #expect(
            lines(file.diagnostics) == [
                "3:3: warning: gateway.host-key: all pins are to retire; add the pin of the key that comes after them"
            ])
    }
}
