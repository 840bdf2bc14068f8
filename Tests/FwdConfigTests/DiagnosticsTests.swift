import FwdCore
import Testing

@testable import FwdConfig

/// A text, and all that is said about it.
struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let lines: [String]

    init(_ text: String, _ lines: String...) {
        self.text = text
        self.lines = lines
    }

    var testDescription: String { lines.joined(separator: " | ") }
}

/// As a message lists them.
private let allForwardKeys: String = {
    let names = KeyReference.forward.names.map { "\"\($0)\"" }
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
}()

@Suite struct DiagnosticsTests {
    @Test(arguments: [
        Case("", "1:1: error: the file is empty, expected \"gateway:\" and \"forwards:\""),
        Case("# nothing\n", "1:1: error: the file is empty, expected \"gateway:\" and \"forwards:\""),
        Case("just text", "1:1: error: read \"just text\", expected a mapping with \"gateway\" or \"forwards\""),
        Case("- a\n", "1:1: error: read a list, expected a mapping with \"gateway\" or \"forwards\""),
        Case(
            "forwards: {a: -L 1:b:2}\n",
            "1:1: error: gateway: missing, expected a mapping with at least \"host\""),
        Case(
            "gateway:\nforwards: {a: -L 1:b:2}\n",
            "1:1: error: gateway: read nothing, expected a mapping with "
                + "\"host\", \"port\", \"user\", \"identity\", \"host-key\", \"agent\", \"password-file\", "
                + "\"known-hosts\", \"via\", \"liveness\", \"display\" or \"ssh-config\""),
        Case(
            "a: [\n", "2:1: error: not YAML: did not find expected node content (while parsing a flow node in line 2)"),
        Case("gateway:\n\thost: h\n", "2:1: error: not YAML: a tab, expected spaces"),
        // The parser's mark lies behind the end of the file.
        Case("a: [\n\t", "2:1: error: not YAML: a tab, expected spaces"),
        Case(
            "gateway: {host: h}\n---\na: b\n",
            "2:1: error: not YAML: but found another document (expected a single document in the stream in line 1)"),
        Case("gateway:\n  host: a\u{1}b\n", "2:10: error: control character U+0001"),
        Case(
            "gateway:\n  host: \"a\\eb\"\n",
            "2:9: error: gateway.host: read \"a\\u{1b}b\", expected a host name or address"),
        Case("gateway: &g {host: h}\n", "1:10: error: anchors and aliases (&, *) are not supported"),
        Case("gateway: !x {host: h}\n", "1:10: error: tags (!) are not supported"),
    ])
    func whatIsNoGatewayFile(row: Case) {
        #expect(lines(parse(row.text).diagnostics.errors) == row.lines)
        #expect(parse(row.text).configuration == nil)
    }

    @Test(arguments: [
        Case("host: h\n  prot: 22", "3:3: error: gateway.prot: unknown key, did you mean \"port\"?"),
        Case("host: h\n  host_key: x", "3:3: error: gateway.host_key: unknown key, did you mean \"host-key\"?"),
        Case("hostname: h\n  host: h", "2:3: error: gateway.hostname: unknown key, did you mean \"host\"?"),
        Case(
            "host: h\n  zone: x",
            "3:3: error: gateway.zone: unknown key, expected \"host\", \"port\", \"user\", \"identity\", \"host-key\", "
                + "\"agent\", \"password-file\", \"known-hosts\", \"via\", \"liveness\", \"display\" or \"ssh-config\""),
        Case(
            "host: h\n  host: i\n  port: x\n  \"host\": j",
            "3:3: error: gateway.host: this key stands in line 2 already",
            "4:9: error: gateway.port: read \"x\", expected a port from 1 to 65535",
            "5:3: error: gateway.host: this key stands in line 2 already"),
        Case("port: 22", "1:1: error: gateway.host: missing, expected the name or address of the SSH server"),
        Case("host:", "2:3: error: gateway.host: read nothing, expected a host name or address"),
        Case(
            "host: ann@h",
            "2:9: error: gateway.host: read \"ann@h\", expected a host name or address; the user goes into \"user: ann\""
        ),
        Case(
            "host: h:2222",
            "2:9: error: gateway.host: read \"h:2222\", expected a host name or address; the port goes into \"port: 2222\""
        ),
        Case("host: ssh://h", "2:9: error: gateway.host: read \"ssh://h\", expected a host name or address, no URL"),
        Case(
            "host: \"[::1]\"",
            "2:9: error: gateway.host: read \"[::1]\", expected a host name or address, without brackets"),
        Case(
            "host: -oProxyCommand=x",
            "2:9: error: gateway.host: read \"-oProxyCommand=x\", expected a host name or address"),
        Case("host: h\n  port: 0", "3:9: error: gateway.port: read \"0\", expected a port from 1 to 65535"),
        Case("host: h\n  port: 65536", "3:9: error: gateway.port: read \"65536\", expected a port from 1 to 65535"),
        Case("host: h\n  port: +22", "3:9: error: gateway.port: read \"+22\", expected a port from 1 to 65535"),
        Case("host: h\n  user: a b", "3:9: error: gateway.user: read \"a b\", expected a user name"),
    ])
    func whatIsWrongInTheGatewaySection(row: Case) {
        let file = parse("gateway:\n  \(row.text)\n")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test(arguments: [
        Case(
            "db: -L 5432:db",
            "5:10: error: forwards.db: read \"-L 5432:db\", expected -L [bind_address:]port:host:hostport "
                + "(or the path of a Unix socket at either end), found 2 fields"
        ),
        Case(
            "db: \"-L 5432:db:x\"", "5:19: error: forwards.db: read \"-L 5432:db:x\", \"x\" is not a port (1 to 65535)"),
        Case("db: -D x", "5:10: error: forwards.db: read \"-D x\", \"x\" is not a port (1 to 65535)"),
        Case(
            "db: -L run/x:/run/y",
            "5:10: error: forwards.db: read \"-L run/x:/run/y\", \"run/x\" is not the absolute path of a Unix socket"),
        Case(
            "db: {spec: -L 1:b:2, mode: 0660}",
            "5:24: error: forwards.db.mode: only for a forward that listens on a Unix socket"),
        Case(
            "db: {spec: -L /run/x:b:2, mode: rw}",
            "5:35: error: forwards.db.mode: read \"rw\", expected permissions in octal, as in 0600 or 0660"),
        Case("db:", "5:3: error: forwards.db: read nothing, expected a forward, as in \"-L 5432:db:5432\""),
        Case(
            "db: [a]",
            "5:7: error: forwards.db: read a list, expected a forward, as in \"-L 5432:db:5432\", or a mapping with \"spec\""
        ),
        Case(
            "a/b: -L 1:b:2",
            "5:3: error: forwards.a/b: not a forward's name: \"/\" is not allowed in a name; use letters, digits, \".\", \"_\" and \"-\""
        ),
        Case(
            "\"a\\tb\": -L 1:b:2",
            "5:3: error: forwards.\"a\\u{9}b\": not a forward's name: \"\\t\" is not allowed in a name; "
                + "use letters, digits, \".\", \"_\" and \"-\""),
        Case("? [x]\n  : -L 1:b:2", "5:5: error: read a list as a key, expected a name"),
        Case("db: {hold: 5s}", "5:3: error: forwards.db.spec: missing, expected a forward, as in \"-L 5432:db:5432\""),
        Case(
            "db: {spec: -L 1:b:2, hold: 5}",
            "5:30: error: forwards.db.hold: read \"5\", expected a duration of at most 24h, as in 500ms, 10s, 2m or 1h"),
        Case(
            "db: {spec: -L 1:b:2, hold: 99999999999s}",
            "5:30: error: forwards.db.hold: read \"99999999999s\", expected a duration of at most 24h, as in 500ms, 10s, 2m or 1h"
        ),
        Case(
            "db: {spec: -L 1:b:2, hold: 25h}",
            "5:30: error: forwards.db.hold: read \"25h\", expected a duration of at most 24h, as in 500ms, 10s, 2m or 1h"
        ),
        Case(
            "db: {spec: -L 1:b:2, enabled: yes}",
            "5:33: error: forwards.db.enabled: read \"yes\", expected true or false"),
        Case(
            "db: {spec: -L 1:b:2, <<: x}",
            "5:24: error: forwards.db.<<: unknown key, expected \(allForwardKeys)"),
        Case(
            "a: -L 1:b:2\n  a: -L 3:b:2\n  c: -D 0",
            "6:3: error: forwards.a: this key stands in line 5 already",
            "7:9: error: forwards.c: read \"-D 0\", port 0 is possible for -R only, where the far side chooses"),
        Case(
            "a: -L 80:b:2\n  c: -L 80:d:2",
            "6:3: error: forwards.c: listens on localhost:80, where \"a\" of line 5 listens already"),
        Case(
            "a: -L 80:b:2\n  c: -L \"*\":80:d:2",
            "6:9: error: forwards.c: read \"-L \\\"*\\\":80:d:2\", \"\"*\"\" is not a host name or address"),
        Case(
            "a: -L 80:b:2\n  c: -L *:80:d:2",
            "6:3: error: forwards.c: listens on *:80, where \"a\" of line 5 listens already"),
        Case(
            "a: -L 127.0.0.1:80:b:2\n  c: -L 80:d:2",
            "6:3: error: forwards.c: listens on localhost:80, where \"a\" of line 5 listens already"),
        Case(
            "a: -L [::]:80:b:2\n  c: -L [::1]:80:d:2",
            "6:3: error: forwards.c: listens on [::1]:80, where \"a\" of line 5 listens already"),
        Case(
            "a: -R 80:b:2\n  c: -R 80:d:2",
            "6:3: error: forwards.c: listens on localhost:80, where \"a\" of line 5 listens already"),
    ])
    func whatIsWrongInTheForwards(row: Case) {
        let file = parse("\(head)  \(row.text)\n")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test(arguments: [
        Case("gateway: {host: h, host-key: \(pin)}", "1:1: warning: forwards: none, nothing will be carried"),
        Case(
            "gateway: {host: h, host-key: \(pin)}\nforwards:", "2:1: warning: forwards: none, nothing will be carried"),
        Case(
            "gateway: {host: h}\nforwards: {a: -L 1:b:2}",
            "1:1: warning: gateway.host-key: no pin, the gateway will park before logging in"),
        Case(
            "gateway: {host: h, host-key: \(pin), identity: ~/x}\nforwards: {a: -L 1:b:2}",
            "1:104: warning: gateway.identity: there is no file /home/ann/x"),
        Case(
            head + "  a: -L *:1:b:2\n  c: -R 0.0.0.0:1:b:2\n",
            "5:6: warning: forwards.a: listens beyond loopback, "
                + "every host that can reach *:1 on this machine can use it",
            "6:6: warning: forwards.c: listens beyond loopback, "
                + "every host that can reach 0.0.0.0:1 on the gateway can use it, if its sshd allows that"),
    ])
    func whatIsAcceptedWithAWarning(row: Case) {
        let file = parse(row.text)
        #expect(lines(file.diagnostics) == row.lines)
        #expect(file.configuration != nil)
    }

    @Test func aDiagnosticReadsLikeACompilersLine() {
        #expect(
            parse("gateway: {}").diagnostics.errors.map(\.description) == [
                "work.yaml:1:1: error: gateway.host: missing, expected the name or address of the SSH server"
            ])
    }

    @Test func textThatIsNotUTF8IsRefusedAtItsPlace() {
        let file = GatewayFile.parse(
            Array("gateway:\n  host: é".utf8) + [0xFF, 0xFE], name: "work", path: "w", environment: machine)
        #expect(lines(file.diagnostics) == ["2:10: error: not UTF-8 text (byte 0xff)"])
    }

    @Test(.timeLimit(.minutes(1))) func aBillionLaughsEndAtOnce() {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(parse(text + "? *a60\n: x\n").diagnostics.errors.count == 1)
    }

    @Test(.timeLimit(.minutes(1))) func nestingIsBounded() {
        let text = String(repeating: "[", count: 100_000)
        #expect(parse(text).diagnostics.errors.count == 1)
        #expect(parse(String(repeating: "{a: ", count: 900) + String(repeating: "}", count: 900)).configuration == nil)
    }

    @Test(.timeLimit(.minutes(1))) func aFullMebibyteIsReadInSeconds() {
        var text = head
        var port = 0
        while text.utf8.count < TextCheck.maximumSize - 40 {
            port += 1
            text += "  f\(port): -L 127.0.\(port >> 15).1:\(port & 0x7FFF + 1):db:5432\n"
        }
        #expect(parse(text).configuration?.forwards.count == port)
        let oneLine =
            "gateway: {host: h}\nforwards: {" + (1...20_000).map { "f\($0): -L \($0):b:2" }.joined(separator: ", ")
        #expect(parse(oneLine + "}").configuration?.forwards.count == 20_000)
    }
}
