import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

@Suite struct JumpTests {
    private func routes(_ contents: ForwardsDirectory.Contents) -> [String: Route] {
        contents.gateways.mapValues(\.route)
    }

    @Test func aHopWithoutAFileIsAnImplicitGateway() async throws {
        let fixture = try ResolutionFixture(
            config: """
                Host work
                  ProxyJump ann@bastion:2222
                Host bastion
                  HostName 127.0.0.9
                  IdentityFile $DIR/key
                """)
        try fixture.gateway("work", port: 1)
        let contents = try await fixture.resolved()
        #expect(fixture.messages(contents) == [])
        #expect(routes(contents) == ["work": .via("jump-ann-bastion-2222"), "jump-ann-bastion-2222": .direct()])
        let jump = try #require(contents.gateways["jump-ann-bastion-2222"])
        #expect(jump.name == "jump-ann-bastion-2222")
        #expect(jump.host == "bastion" && jump.hostName == "127.0.0.9" && jump.port == 2222)
        #expect(jump.login.user == "ann")
        #expect(jump.login.identities == [IdentityConfiguration("\(fixture.place.path)/key")])
        #expect(jump.trust.knownHosts == ["\(fixture.place.path)/known_hosts"])
        #expect(jump.forwards == [])
    }

    @Test func aHopThatAFileDeclaresIsThatGateway() async throws {
        let fixture = try ResolutionFixture(
            config: """
                Host work
                  ProxyJump BASTION.example
                Host BASTION.example
                  User tunnel
                  Port 2222
                """)
        try fixture.gateway("work", port: 1)
        try fixture.gateway("amsterdam", host: "bastion.example", "user: tunnel", "port: 2222")
        try fixture.gateway("other-user", host: "bastion.example", "user: root", "port: 2222", port: 2)
        let contents = try await fixture.resolved()
        #expect(
            routes(contents) == ["work": .via("amsterdam"), "amsterdam": .direct(), "other-user": .direct()])
        // It carries the session of another gateway, so it needs no forwards.
        #expect(!contents.diagnostics.contains { $0.message.hasPrefix("forwards: none") })
    }

    @Test func severalHopsAreGoneInTheirOrder() async throws {
        let fixture = try ResolutionFixture(
            config: """
                Host work
                  ProxyJump a,b
                Host single
                  ProxyJump b
                Host a
                  ProxyJump first
                Host b
                  ProxyJump ignored-after-a
                """)
        try fixture.gateway("work")
        try fixture.gateway("single")
        #expect(
            routes(try await fixture.resolved()) == [
                "work": .via("jump-b-2"), "jump-b-2": .via("jump-a"), "jump-a": .via("jump-first"),
                "jump-first": .direct(), "single": .via("jump-b"), "jump-b": .via("jump-ignored-after-a"),
                "jump-ignored-after-a": .direct(),
            ])
    }

    @Test func gatewaysWithTheSameHopShareIt() async throws {
        let fixture = try ResolutionFixture(config: "Host one two\n  ProxyJump near,far\n")
        try fixture.gateway("one")
        try fixture.gateway("two")
        #expect(
            routes(try await fixture.resolved()) == [
                "one": .via("jump-far"), "two": .via("jump-far"), "jump-far": .via("jump-near"), "jump-near": .direct(),
            ])
    }

    @Test func namesAreLegalAndTheirOwn() async throws {
        let long = String(repeating: "l", count: 62)
        let fixture = try ResolutionFixture(
            config: """
                Host six
                  ProxyJump [::1]:2022
                Host long
                  ProxyJump \(long)1
                Host longer
                  ProxyJump \(long)2
                Host taken
                  ProxyJump x
                """)
        for name in ["six", "long", "longer", "taken"] { try fixture.gateway(name) }
        try fixture.gateway("jump-x", host: "elsewhere")
        let gateways = try await fixture.resolved().gateways
        #expect(gateways["six"]?.route == .via("jump----1--2022"))
        #expect(gateways["jump----1--2022"]?.hostName == "::1")
        #expect(gateways["taken"]?.route == .via("jump-x-2"))
        #expect(gateways["long"]?.route == .via("jump-" + long.prefix(59)))
        #expect(gateways["longer"]?.route == .via("jump-" + long.prefix(57) + "-2"))
        #expect(gateways.keys.allSatisfy { ForwardsName.problem(with: $0) == nil })
        #expect(gateways.allSatisfy { $0.key == $0.value.name })
    }

    @Test func theFilesOwnWayWins() async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  ProxyJump bastion\n")
        try fixture.gateway("work", "via: other")
        try fixture.gateway("other")
        #expect(routes(try await fixture.resolved()) == ["work": .via("other"), "other": .direct()])
    }

    @Test func aCircleOfHopsIsAnError() async throws {
        let fixture = try ResolutionFixture(
            config: "Host work\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
        try fixture.gateway("work")
        try fixture.gateway("fine")
        let contents = try await fixture.resolved()
        #expect(contents.gateways.keys.sorted() == ["fine"])
        #expect(contents.refused == ["work"])
        #expect(
            fixture.messages(contents) == [
                "work.yaml:2:9: error: gateway.host: ProxyJump of ssh_config goes in a circle: a -> b -> a"
            ])
    }

    @Test func aCircleOfFilesIsAnErrorInEachOfThem() async throws {
        let fixture = try ResolutionFixture(
            config: "Host a\n  ProxyJump b\nHost b\n  ProxyJump middle\nHost middle\n  ProxyJump a\n")
        try fixture.gateway("a")
        try fixture.gateway("b")
        try fixture.gateway("c", "via: b", "host-key: \(pin)")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["a", "b"])
        #expect(contents.gateways.keys.sorted() == ["c"])
        let back = "2:9: error: gateway.host: the way leads back to this gateway:"
        #expect(
            fixture.messages(contents) == [
                "a.yaml:\(back) a -> b -> jump-middle -> a", "b.yaml:\(back) b -> jump-middle -> a -> b",
                "c.yaml:4:8: warning: gateway.via: the file of \"b\" has errors; "
                    + "without that gateway this one cannot come up",
            ])
    }

    @Test(arguments: [8, 9]) func theWayHasAnEnd(hops: Int) async throws {
        let hosts = (1...hops).map { "Host h\($0)\n  ProxyJump h\($0 + 1)\n" }.joined()
        let fixture = try ResolutionFixture(config: hosts)
        try fixture.gateway("work", host: "h1")
        let contents = try await fixture.resolved()
        #expect(contents.gateways.count == (hops == 8 ? 9 : 0))
        #expect(
            fixture.messages(contents)
                == (hops == 8
                    ? []
                    : ["work.yaml:2:9: error: gateway.host: ProxyJump of ssh_config leads through more than 8 hosts"]))
    }

    @Test func whatSSHSaysAboutAHopIsSaid() async throws {
        let fixture = try ResolutionFixture(
            config: "Host work\n  ProxyJump a\nHost a\n  ProxyJump a\n")
        try fixture.gateway("work")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["work"])
        let message = try #require(contents.diagnostics.errors.first?.message)
        #expect(message.hasPrefix("gateway.host: ProxyJump of ssh_config leads through a, and ssh -G refuses: "))
        #expect(message.contains("jumphost loop via a"))
    }
}
