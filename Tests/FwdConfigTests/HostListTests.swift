import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

/// `host` as a list.
@Suite struct HostListTests {
    @Test func theFirstIsUsedFirstAndTheOthersAreItsFallbacks() throws {
        let configuration = try file(
            """
            gateway:
              host:
                - one
                - 2001:db8::2
                - three
              port: 2222
              user: tunnel
              via: other
              host-key: \(pin)
              liveness: {interval: 7s}
            forwards: {a: -L 1:b:2}
            """
        ).configuration
        #expect(configuration.host == "one" && configuration.hostName == "one")
        #expect(configuration.forwards.count == 1)
        var expected = [configuration, configuration]
        for (index, host) in ["2001:db8::2", "three"].enumerated() {
            (expected[index].host, expected[index].hostName) = (host, host)
            (expected[index].fallbacks, expected[index].forwards) = ([], [])
        }
        #expect(configuration.fallbacks == expected)
        #expect(
            configuration.fallbacks.allSatisfy { $0.name == "work" && $0.port == 2222 && $0.route == .via("other") })
    }

    @Test func aListOfOneIsThatOne() throws {
        #expect(try file("gateway: {host: [h]}").configuration == file("gateway: {host: h}").configuration)
    }

    @Test(arguments: [
        Case("[]", "1:17: error: gateway.host: read an empty list, expected a host name or address, or a list of them"),
        Case("{a: b}", "1:17: error: gateway.host: read a mapping, expected a host name or address"),
        Case("[h, [i]]", "1:21: error: gateway.host: read a list, expected a host name or address"),
        Case("[h, \"\"]", "1:21: error: gateway.host: read nothing, expected a host name or address"),
        Case(
            "[h, i:22, ann@j]",
            "1:21: error: gateway.host: read \"i:22\", expected a host name or address; the port goes into \"port: 22\"",
            "1:27: error: gateway.host: read \"ann@j\", expected a host name or address; the user goes into \"user: ann\""
        ),
        Case("[h, i, H]", "1:24: error: gateway.host: \"H\" stands in line 1 already"),
        Case(
            "[h, h], prot: 1", "1:21: error: gateway.host: \"h\" stands in line 1 already",
            "1:25: error: gateway.prot: unknown key, did you mean \"port\"?"),
    ])
    func whatIsRefused(row: Case) {
        let file = parse("gateway: {host: \(row.text)}")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test(arguments: [
        "gateway:\n  host: [h, i]\nforwards: {a: -L 1:b:2}\n", "gateway:\n  host:\n    - h\n    - i # c\n",
        "gateway:\n  host:\n  - h\n  - i\n\n# end\n", "gateway: {host: [h, i]}\n",
        "gateway: {\"host\": [\"h\", \"i\"]}",
    ])
    func pinsAreWrittenForAllServers(text: String) throws {
        let entry = try HostKeyEntry(pin)
        let pinned = try file(text).settingHostKeys(adding: [entry])
        #expect(pinned.configuration.servers.map(\.trust.pins) == [[entry.pin], [entry.pin]])
        let retired = try pinned.settingHostKeys(retiring: [entry.pin])
        #expect(retired.configuration.servers.map(\.trust.retiring) == [[entry.pin], [entry.pin]])
        let removed = try retired.settingHostKeys(removing: [entry.pin])
        #expect(removed.configuration == (try file(text).configuration))
    }
}

/// Each server of a gateway is asked for, followed and looked up for itself.
@Suite struct FallbackResolutionTests {
    private let unknown = "the gateway will park; \"fwd trust work\" shows and pins its keys"

    @Test func eachIsCompletedForItself() async throws {
        let fixture = try ResolutionFixture(
            config: """
                Host one
                  HostName 127.0.0.1
                  Port 2201
                  User ann
                Host two
                  HostName 127.0.0.2
                  HostKeyAlias alias
                  ConnectTimeout 7
                  ServerAliveInterval 20
                  Compression yes
                  ProxyCommand nc %h %p
                """)
        try fixture.gateway("work", host: "[one, two]", "host-key: \(pin)", port: 1)
        let contents = try await fixture.resolved(try fixture.recordingSSH())
        let work = try #require(contents.gateways["work"])
        let two = try #require(work.fallbacks.first)
        #expect(work.fallbacks.count == 1 && work.forwards.count == 1 && two.forwards == [])
        #expect([work.host, work.hostName, two.host, two.hostName] == ["one", "127.0.0.1", "two", "127.0.0.2"])
        #expect([work.port, two.port] == [2201, 22])
        #expect(work.login.user == "ann" && two.login.user != "ann")
        #expect(work.trust.hostKeyAlias == nil && two.trust.hostKeyAlias == "alias")
        #expect(work.trust.pins == two.trust.pins && two.trust.pins.count == 1)
        #expect([work.route, two.route] == [.direct(), .command("nc 127.0.0.2 22")])
        #expect([work.connectTimeout, two.connectTimeout] == [.seconds(10), .seconds(7)])
        #expect([work.liveness, two.liveness] == [Liveness(), Liveness(interval: .seconds(20), count: 3)])
        #expect(
            fixture.messages(contents) == [
                "work.yaml:2:15: warning: gateway.host: ssh_config sets Compression for this host, "
                    + "which fwd does not honour"
            ])
        for host in ["one", "two"] { #expect(fixture.asked.count { $0.hasSuffix("-- \(host)") } == 1) }
    }

    @Test func whatTheFileSaysHoldsForEach() async throws {
        let fixture = try ResolutionFixture(config: "Host one\n  Port 2201\nHost two\n  ProxyJump far\n  User ann\n")
        try fixture.gateway("work", host: "[one, two]", "port: 22", "user: bob", "via: other")
        try fixture.gateway("other")
        let contents = try await fixture.resolved()
        let servers = try #require(contents.gateways["work"]).servers
        #expect(servers.map(\.port) == [22, 22])
        #expect(servers.map(\.login.user) == ["bob", "bob"])
        #expect(servers.map(\.route) == [.via("other"), .via("other")])
        #expect(contents.gateways.count == 2)
    }

    @Test func withoutAnSSHAllAreThere() async throws {
        let fixture = try ResolutionFixture(config: "Host two\n  Port 2222\n")
        try fixture.gateway("work", host: "[one, two]", "host-key: \(pin)", "identity: ~/.ssh/id_ed25519")
        let contents = try await fixture.resolved(SSHClientProgram(path: "/nowhere/ssh"))
        #expect(contents.gateways == (try fixture.directory.forwards.load().gateways))
        #expect(contents.gateways["work"]?.fallbacks.map(\.port) == [22])
    }

    @Test func whatSSHRefusesForOneIsAnErrorAtItsPlace() async throws {
        let fixture = try ResolutionFixture(config: "Match host two\n  IdentityFile ~/%q\n")
        try fixture.gateway("work", host: "[one, two]")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["work"])
        let error = try #require(contents.diagnostics.errors.first)
        #expect(error.line == 2 && error.column == 15)
        #expect(error.message.hasPrefix("gateway.host: "), "\(error)")
    }

    @Test func eachHasItsOwnWay() async throws {
        let fixture = try ResolutionFixture(
            config: "Host one\n  ProxyJump near\nHost two\n  ProxyJump far\nHost far\n  ProxyJump near\n",
            knownHosts: "near,one,two \(KeySamples.ed25519)\n")
        try fixture.gateway("work", host: "[one, two, three]", "host-key: \(pin)")
        let contents = try await fixture.resolved()
        #expect(
            contents.gateways["work"]?.servers.map(\.route) == [.via("jump-near"), .via("jump-far"), .direct()])
        #expect(contents.gateways["jump-far"]?.route == .via("jump-near"))
        #expect(
            fixture.messages(contents) == [
                "work.yaml:2:15: warning: on the way, far: gateway.host-key: no pin, and no key of far in "
                    + "$DIR/known_hosts: the gateway will park; "
                    + "make a file for this host and pin its key, or add it to known_hosts"
            ])
    }

    @Test func aHopCanBeAFallbackOfAnotherGateway() async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  ProxyJump two\nHost last\n  ProxyJump three\n")
        try fixture.gateway("a", host: "[one, two, three]")
        try fixture.gateway("b", host: "three")
        try fixture.gateway("work")
        try fixture.gateway("last")
        let contents = try await fixture.resolved()
        #expect(contents.gateways["work"]?.route == .via("a"))
        // Whose first server it is comes before whose fallback it is.
        #expect(contents.gateways["last"]?.route == .via("b"))
        #expect(contents.gateways.count == 4)
        #expect(contents.diagnostics.count { $0.message.hasPrefix("forwards: none") } == 2)
    }

    @Test func aWayThatLeadsBackThroughAFallbackIsAnError() async throws {
        let fixture = try ResolutionFixture(config: "Host two\n  ProxyJump b\nHost b\n  ProxyJump one\n")
        try fixture.gateway("a", host: "[one, two]")
        try fixture.gateway("b")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["a", "b"])
        let back = "gateway.host: the way leads back to this gateway:"
        #expect(
            fixture.messages(contents) == [
                "a.yaml:2:15: error: \(back) a -> b -> a", "b.yaml:2:9: error: \(back) b -> a -> b",
            ])
    }

    @Test func aRefusedFileOnOneWayGivesAWarningThere() async throws {
        let fixture = try ResolutionFixture(config: "Host two\n  ProxyJump b\nHost b\n  Port 2222\n")
        try fixture.gateway("a", host: "[one, two]")
        try fixture.gateway("b", "host-key: \(KeySamples.ed25519Pin)")
        try fixture.place.write(
            "* \(KeySamples.rsa)\n@revoked b \(KeySamples.ed25519)\n@revoked [b]:2222 \(KeySamples.ed25519)\n",
            "known_hosts")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["b"])
        #expect(
            fixture.messages(contents).first
                == "a.yaml:2:15: warning: gateway.host: the file of \"b\" has errors; "
                + "without that gateway two cannot be reached")
    }

    @Test func knownHostsIsAskedForEach() async throws {
        let fixture = try ResolutionFixture(
            config: "Host two\n  HostKeyAlias alias\n", knownHosts: "one \(KeySamples.ed25519)\nbroken line\n@x y z\n")
        try fixture.gateway("work", host: "[one, two]", port: 1)
        let place = "work.yaml:1:1: warning: gateway"
        let contents = try await fixture.resolved()
        let messages = fixture.messages(contents)
        #expect(messages.count == 2, "what is wrong with a file is told once: \(messages)")
        #expect(messages.first == "\(place).host-key: no pin, and no key of alias in $DIR/known_hosts: \(unknown)")
        #expect(messages.last?.hasPrefix("\(place).known-hosts: $DIR/known_hosts:3 ") == true)
        try fixture.place.write("@revoked alias \(KeySamples.ed25519)\none,alias \(KeySamples.rsa)\n", "known_hosts")
        #expect(fixture.messages(try await fixture.resolved()) == [])
    }

    @Test func aPinThatIsRevokedForOneRefusesTheFile() async throws {
        let fixture = try ResolutionFixture(knownHosts: "@revoked two \(KeySamples.ed25519)\n")
        try fixture.gateway("work", host: "[one, two]", "host-key: \(KeySamples.ed25519Pin)", port: 1)
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["work"])
        #expect(contents.diagnostics.errors.count == 1)
    }

    @Test func noKnownHostsForOneIsSaid() async throws {
        let fixture = try ResolutionFixture(
            config: "Host two\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n")
        try fixture.gateway("work", host: "[one, two]", port: 1)
        #expect(
            fixture.messages(try await fixture.resolved()) == [
                "work.yaml:1:1: warning: gateway.known-hosts: none for two, and no pin in host-key: "
                    + "the gateway will park before logging in"
            ])
    }
}
