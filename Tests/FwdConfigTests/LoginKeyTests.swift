import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

@Suite struct LoginKeyTests {
    private static let source = "a path that starts with / or ~/, or credential:NAME"
    private static let identity = "\(source), a mapping with \"file\", or a list of them"
    private static let notTheSecret = "expected \(source), where the secret is; never the secret itself"

    @Test func everyWayToLogInIsRead() throws {
        let file = try file(
            """
            gateway:
              host: h
              host-key: \(pin)
              identity:
                - ~/.ssh/id_ed25519
                - credential:tunnel-key
                - file: /etc/fwd/id_rsa
                  certificate: ~/id_rsa-cert.pub
                  passphrase-file: credential:phrase
              agent: ~/agent.sock
              password-file: ~/password
              known-hosts: [~/known, /etc/fwd/known_hosts]
              via: other
              ssh-config: ~/ssh_config
            """)
        let login = file.configuration.login
        #expect(
            login.identities == [
                IdentityConfiguration("/home/ann/.ssh/id_ed25519"),
                IdentityConfiguration(key: .credential("tunnel-key")),
                IdentityConfiguration(
                    key: .file("/etc/fwd/id_rsa"), certificate: "/home/ann/id_rsa-cert.pub",
                    passphrase: .credential("phrase")),
            ])
        #expect(login.offersOnlyIdentities)
        #expect(login.agent == .path("/home/ann/agent.sock"))
        #expect(login.password == .file("/home/ann/password"))
        #expect(file.configuration.trust.knownHosts == ["/home/ann/known", "/etc/fwd/known_hosts"])
        #expect(file.configuration.route == .via("other"))
        #expect(file.sshConfig == .file("/home/ann/ssh_config"))
    }

    @Test func whatIsAbsentIsAsInOpenSSH() throws {
        let file = try file("gateway: {host: h}")
        let login = file.configuration.login
        #expect(login.identities == [IdentityConfiguration("/home/ann/.ssh/id_ed25519")])
        #expect(!login.offersOnlyIdentities)
        #expect(login.agent == .environment)
        #expect(login.password == nil)
        #expect(
            file.configuration.trust.knownHosts == [
                "/home/ann/.ssh/known_hosts", "/home/ann/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts",
                "/etc/ssh/ssh_known_hosts2",
            ])
        #expect(file.configuration.route == .direct())
        #expect(file.sshConfig == .standard)
    }

    @Test func noneTurnsOff() throws {
        let file = try file("gateway: {host: h, agent: none, known-hosts: none, ssh-config: none, identity: []}")
        #expect(file.configuration.login.agent == .none)
        #expect(file.configuration.login.identities == [])
        #expect(file.configuration.login.offersOnlyIdentities)
        #expect(file.configuration.trust.knownHosts == [])
        #expect(file.sshConfig == .none)
    }

    @Test(arguments: [
        Case(
            "identity: [key, ~ann/key, {}]", "3:14: error: gateway.identity: read \"key\", expected \(identity)",
            "3:19: error: gateway.identity: read \"~ann/key\", expected \(identity)",
            "3:29: error: gateway.identity.file: missing, expected \(source)"),
        Case(
            "identity: {file: k, certificate: credential:c}",
            "3:20: error: gateway.identity.file: read \"k\", expected \(source)",
            "3:36: error: gateway.identity.certificate: read \"credential:c\", "
                + "expected a path that starts with / or ~/"),
        Case(
            "identity: [credential:a/b, 'credential:', credential:..]",
            "3:14: error: gateway.identity: read \"credential:a/b\", expected \(identity)",
            "3:30: error: gateway.identity: read \"credential:\", expected \(identity)",
            "3:45: error: gateway.identity: read \"credential:..\", expected \(identity)"),
        Case(
            "identity: {file: /k, certficate: /c}",
            "3:24: error: gateway.identity.certficate: unknown key, did you mean \"certificate\"?"),
        Case(
            "agent: agent.sock",
            "3:10: error: gateway.agent: read \"agent.sock\", expected \"none\", "
                + "or the path of an ssh-agent's socket that starts with / or ~/"),
        Case(
            "known-hosts: [none, hosts]",
            "3:17: error: gateway.known-hosts: read \"none\", "
                + "expected a path that starts with / or ~/, a list of them, or \"none\"",
            "3:23: error: gateway.known-hosts: read \"hosts\", "
                + "expected a path that starts with / or ~/, a list of them, or \"none\""),
        Case(
            "ssh-config: config",
            "3:15: error: gateway.ssh-config: read \"config\", expected a path that starts with / or ~/, or \"none\""),
        Case("via: [a]", "3:8: error: gateway.via: read a list, expected the name of another gateway"),
        Case("via: a/b", "3:8: error: gateway.via: read \"a/b\", expected the name of another gateway"),
        Case("password_file: /x", "3:3: error: gateway.password_file: unknown key, did you mean \"password-file\"?"),
    ])
    func whatIsWrongIsSaidInItsPlace(row: Case) {
        let file = parse("gateway:\n  host: h\n  \(row.text)\n")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(file.configuration == nil)
    }

    private static let away = "a secret must not stand in this file; write it into a file of its own and use"

    @Test(arguments: [
        Case(
            "password: hunter2",
            "3:3: error: gateway.password: \(away) \"password-file\" with its path or credential:NAME"),
        Case(
            "Passwd: [hunter2]",
            "3:3: error: gateway.Passwd: \(away) \"password-file\" with its path or credential:NAME"),
        Case(
            "passphrase: hunter2",
            "3:3: error: gateway.passphrase: \(away) \"identity: {file: …, passphrase-file: …}\" "
                + "with its path or credential:NAME"),
        Case(
            "identity: {file: /k, passphrase: hunter2}",
            "3:24: error: gateway.identity.passphrase: \(away) \"passphrase-file\" with its path or credential:NAME"),
        Case("password-file: hunter2", "3:18: error: gateway.password-file: \(notTheSecret)"),
        Case("password-file: \"/hunter2\\x07\"", "3:18: error: gateway.password-file: \(notTheSecret)"),
        Case("password-file: {hunter2: hunter2}", "3:18: error: gateway.password-file: \(notTheSecret)"),
        Case("password-file:", "3:3: error: gateway.password-file: \(notTheSecret)"),
        Case("password-file: credential:../hunter2", "3:18: error: gateway.password-file: \(notTheSecret)"),
        Case(
            "identity: {file: /k, passphrase-file: hunter2}",
            "3:41: error: gateway.identity.passphrase-file: \(notTheSecret)"),
        Case(
            "identity: |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n    hunter2\n",
            "3:13: error: gateway.identity: read a private key, expected \(identity)"),
    ])
    func aSecretInTheFileIsRefusedAndNotRepeated(row: Case) throws {
        let file = parse("gateway:\n  host: h\n  \(row.text)\n")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(!file.diagnostics.description.contains("hunter2"))
        #expect(file.configuration == nil)
    }

    @Test func aFileThatIsNotThereGivesAWarning() {
        let file = parse(
            """
            gateway:
              host: h
              host-key: \(pin)
              identity: [{file: /i, certificate: /c, passphrase-file: /p}, credential:k]
              password-file: /w
              known-hosts: [/k]
              ssh-config: /s
            forwards: {a: -L 1:b:2}
            """)
        #expect(
            lines(file.diagnostics) == [
                "4:21: warning: gateway.identity.file: there is no file /i",
                "4:38: warning: gateway.identity.certificate: there is no file /c",
                "4:59: warning: gateway.identity.passphrase-file: there is no file /p",
                "5:18: warning: gateway.password-file: there is no file /w",
                "6:17: warning: gateway.known-hosts: there is no file /k",
                "7:15: warning: gateway.ssh-config: there is no file /s",
            ])
    }

    @Test(arguments: [
        ("", "only keys of an ssh-agent can serve"), (", agent: none", "nothing to log in with"),
        (", password-file: /p", nil), (", identity: /k", nil),
    ])
    func noUsualKeyFileGivesAWarning(keys: String, rest: String?) {
        var bare = machine
        bare.fileExists = { $0 == "/p" || $0 == "/k" }
        let text = "gateway: {host: h, host-key: \(pin)\(keys)}\nforwards: {a: -L 1:b:2}"
        let file = GatewayFile.parse(Array(text.utf8), name: "work", path: "work.yaml", environment: bare)
        let absent = "gateway.identity: absent, and none of id_rsa, id_ecdsa, id_ed25519 is in /home/ann/.ssh/"
        #expect(lines(file.diagnostics) == (rest.map { ["1:1: warning: \(absent): \($0)"] } ?? []))
    }

    @Test(arguments: [
        ("", "/none", "gateway.host-key: no pin, the gateway will park before logging in"),
        ("", "/home/ann/.ssh/known_hosts", nil), ("", "/etc/ssh/ssh_known_hosts", nil),
        (", known-hosts: /k", "/k", nil),
        (
            ", known-hosts: none", "/k",
            "gateway.known-hosts: none, and no pin in host-key: "
                + "the gateway will park before logging in"
        ),
        (", known-hosts: none, host-key: \(pin)", "/k", nil), (", host-key: \(pin)", "/k", nil),
    ])
    func withoutAnyHostKeyThereIsAWarning(keys: String, known: String, message: String?) {
        var bare = machine
        bare.fileExists = { $0 == known || $0.hasSuffix("id_ed25519") }
        let text = "gateway: {host: h\(keys)}\nforwards: {a: -L 1:b:2}"
        let file = GatewayFile.parse(Array(text.utf8), name: "work", path: "work.yaml", environment: bare)
        #expect(lines(file.diagnostics) == (message.map { ["1:1: warning: \($0)"] } ?? []))
    }
}
