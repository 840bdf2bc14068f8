import FwdConfig
import FwdCore
import Testing

@Suite struct GoodFilesTests {
    @Test func everyKeyIsRead() throws {
        let file = try file(
            """
            gateway:
              host: t2.example.org
              port: 2222
              user: tunnel
              identity: [~/.ssh/id_rsa, /etc/fwd/key]
              host-key:
                - \(pin)
                - ssh-rsa SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
            forwards:
              db: -L 5432:db:5432
              back:
                spec: -R 0:localhost:http
                hold: 1m
                enabled: false
            """)
        let configuration = file.configuration
        #expect(configuration.host == "t2.example.org" && configuration.hostName == "t2.example.org")
        #expect(configuration.port == 2222)
        #expect(configuration.login.user == "tunnel")
        #expect(configuration.login.identities.map(\.key) == [.file("/home/ann/.ssh/id_rsa"), .file("/etc/fwd/key")])
        #expect(configuration.trust.pins.map(\.type) == ["ssh-ed25519", "ssh-rsa"])
        #expect(configuration.trust.pins.allSatisfy { $0.fingerprint == fingerprint })
        #expect(
            configuration.forwards == [
                ForwardConfiguration(
                    name: "db", spec: try ForwardSpec(parsing: "-L 5432:db:5432"), probe: .standard),
                ForwardConfiguration(
                    name: "back", spec: try ForwardSpec(parsing: "-R 0:localhost:80"), hold: .seconds(60),
                    isEnabled: false, probe: .standard),
            ])
    }

    @Test func whatIsAbsentHasADefault() throws {
        let configuration = try file("gateway: {host: h}").configuration
        #expect(configuration.port == 22)
        #expect(configuration.login.user == "ann")
        #expect(configuration.login.identities == [IdentityConfiguration("/home/ann/.ssh/id_ed25519")])
        #expect(configuration.trust.pins.isEmpty)
        #expect(configuration.forwards.isEmpty)
    }

    @Test(arguments: [
        "yes", "no", "null", "~x", "1.2.3.4", "12:30:45", "0x10", "::1", "2001:db8::7", "fe80::1%eth0", "1e3",
        "2001-01-01",
    ])
    func scalarsAreTakenAsWritten(host: String) throws {
        #expect(try file("gateway:\n  host: \(host)\n").configuration.host == host)
    }

    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("0s", .zero), ("10s", .seconds(10)), ("2m", .seconds(120)),
        ("1h", .seconds(3600)), ("24h", .seconds(86400)),
    ])
    func durationsHaveAUnit(text: String, duration: Duration) throws {
        let file = try file(head + "  a: {spec: -L 1:b:2, hold: \(text)}\n")
        #expect(file.configuration.forwards.first?.hold == duration)
    }

    @Test(arguments: [
        "\u{FEFF}\(head)  a: -L 1:b:2\n", "---\n\(head)  a: -L 1:b:2\n...\n", head + "  'a': \"-L 1:b:2\"\n",
        head.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n") + "  a: -L 1:b:2\r\n",
        head.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r") + "  a: -L 1:b:2\r",
        "{\"gateway\": {\"host\": \"t2.example.org\", \"host-key\": [\"\(pin)\"]}, \"forwards\": {\"a\": \"-L 1:b:2\"}}",
        "forwards:\n  a: -L\n     1:b:2\ngateway:\n  host: t2.example.org\n  host-key: [\(pin)]",
        head + "  a: >-\n    -L\n    1:b:2\n",
    ])
    func theSameIsSaidInManyStyles(text: String) throws {
        let plain = try file(head + "  a: -L 1:b:2\n")
        let file = try file(text)
        #expect(file.configuration == plain.configuration)
        #expect(file.warnings.isEmpty)
    }

    @Test(arguments: [
        "a: -L 80:x:1\n  b: -L 127.0.0.2:80:x:1", "a: -L 80:x:1\n  b: -R 80:x:1", "a: -R 0:x:1\n  b: -R 0:x:1",
        "a: -L 80:x:1\n  b: {spec: -L 80:y:1, enabled: false}", "a: -L 192.0.2.1:80:x:1\n  b: -L 192.0.2.2:80:x:1",
        "a: -L 127.0.0.1:80:x:1\n  b: \"-L [::1]:80:x:1\"",
    ])
    func listenersAtDifferentPlacesGoTogether(forwards: String) throws {
        #expect(try file(head + "  \(forwards)\n").configuration.forwards.count == 2)
    }
}
