import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

@Suite struct TrustTests {
    private static let unsupported =
        "host certificates (@cert-authority, $DIR/known_hosts:1) are not supported by this engine "
        + "(libssh2 cannot negotiate them)"

    @Test(arguments: [
        ("t2.example.org \(KeySamples.ed25519)\n", nil as String?),
        ("*.example.org,!t3.example.org \(KeySamples.rsa)\n", nil),
        (
            "t3.example.org \(KeySamples.ed25519)\n",
            "1:1: warning: gateway.host-key: no pin, and no key of t2.example.org in $DIR/known_hosts: "
                + "the gateway will park; \"fwd trust work\" shows and pins its keys"
        ),
        (
            "@revoked * \(KeySamples.ed25519)\nt2.example.org \(KeySamples.ed25519)\n",
            "1:1: warning: gateway.host-key: no pin, and no key of t2.example.org in $DIR/known_hosts: "
                + "the gateway will park; \"fwd trust work\" shows and pins its keys"
        ),
        (
            "@cert-authority *.example.org \(KeySamples.rsa)\n",
            "1:1: error: gateway.host-key: \(unsupported): pin the key"
        ),
        (
            "@cert-authority * \(KeySamples.rsa)\nt2.example.org \(KeySamples.ed25519)\n",
            "1:1: warning: gateway.host-key: \(unsupported): only the plain keys of known_hosts count"
        ),
    ])
    func knownHostsDecidesWithoutPins(knownHosts: String, message: String?) async throws {
        let fixture = try ResolutionFixture(knownHosts: knownHosts)
        try fixture.gateway("work", host: "t2.example.org", port: 1)
        let contents = try await fixture.resolved()
        #expect(fixture.messages(contents) == (message.map { ["work.yaml:\($0)"] } ?? []))
        #expect(contents.refused.isEmpty == (message?.contains("error") != true))
    }

    @Test func aMarkedLineThatIsDamagedIsTold() async throws {
        let fixture = try ResolutionFixture(
            knownHosts: "@revoked * ssh-ed25519 AAAA\n@Revoked * \(KeySamples.rsa)\nbroken line\n"
                + "t2.example.org \(KeySamples.ed25519)\n")
        try fixture.gateway("work", host: "t2.example.org", port: 1)
        let messages = fixture.messages(try await fixture.resolved())
        #expect(messages.count == 2)
        #expect(messages.first?.contains("gateway.known-hosts: $DIR/known_hosts:1 ") == true, "\(messages)")
        #expect(messages.last?.contains("$DIR/known_hosts:2 has an unknown marker") == true, "\(messages)")
    }

    @Test func theNameIsTheOneThatSSHLooksFor() async throws {
        let fixture = try ResolutionFixture(
            config: "Host a\n  HostName real\n  Port 2222\nHost b\n  HostKeyAlias alias\n", knownHosts: "# nothing\n")
        try fixture.gateway("a")
        try fixture.gateway("b")
        let messages = fixture.messages(try await fixture.resolved())
        #expect(messages.count == 2)
        #expect(messages.first?.contains("no key of [real]:2222 in $DIR/known_hosts:") == true)
        #expect(messages.last?.contains("no key of alias in $DIR/known_hosts:") == true)
        try fixture.place.write("[real]:2222 \(KeySamples.rsa)\nalias \(KeySamples.rsa)\n", "known_hosts")
        #expect(fixture.messages(try await fixture.resolved()) == [])
    }

    @Test func pinsMakeKnownHostsSilentButForRevocations() async throws {
        let fixture = try ResolutionFixture(knownHosts: "@cert-authority * \(KeySamples.rsa)\n")
        try fixture.gateway("work", "host-key: [\(KeySamples.ed25519Pin), \(KeySamples.ecdsaPin)]", port: 1)
        #expect(fixture.messages(try await fixture.resolved()) == [])
        try fixture.place.write("@revoked work \(KeySamples.ed25519)\n", "known_hosts")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["work"])
        #expect(
            fixture.messages(contents) == [
                "work.yaml:4:13: error: gateway.host-key: \(KeySamples.ed25519Pin) is revoked "
                    + "(@revoked, $DIR/known_hosts:1): remove the pin"
            ])
    }

    @Test func withoutSSHConfigTheFilesOwnKnownHostsCount() async throws {
        let fixture = try ResolutionFixture(knownHosts: "h \(KeySamples.ed25519)\n")
        let known = "\(fixture.place.path)/known_hosts"
        try fixture.directory.write(
            "gateway: {host: h, ssh-config: none, known-hosts: [\(known)]}\nforwards: {a: -L 1:b:2}\n", "known.yaml")
        try fixture.directory.write(
            "gateway: {host: i, ssh-config: none, known-hosts: [\(known)]}\nforwards: {a: -L 2:b:2}\n", "unknown.yaml")
        let messages = fixture.messages(try await fixture.resolved())
        #expect(messages.count == 1)
        #expect(
            messages.first?.contains("unknown.yaml:1:1: warning: gateway.host-key: no pin, and no key of i in") == true)
    }

    @Test func noKnownHostsAtAllIsSaidOnce() async throws {
        let fixture = try ResolutionFixture()
        try fixture.gateway("work", "known-hosts: none", port: 1)
        #expect(
            fixture.messages(try await fixture.resolved()) == [
                "work.yaml:1:1: warning: gateway.known-hosts: none, and no pin in host-key: "
                    + "the gateway will park before logging in"
            ])
    }

    @Test func aHopIsLookedUpAsWell() async throws {
        let fixture = try ResolutionFixture(
            config: "Host one two\n  ProxyJump far\n", knownHosts: "one,two \(KeySamples.ed25519)\n")
        try fixture.gateway("one")
        try fixture.gateway("two")
        let message =
            "gateway.host-key: no pin, and no key of far in $DIR/known_hosts: the gateway will park; "
            + "make a file for this host and pin its key, or add it to known_hosts"
        #expect(
            fixture.messages(try await fixture.resolved()) == [
                "one.yaml:2:9: warning: on the way, far: \(message)",
                "two.yaml:2:9: warning: on the way, far: \(message)",
            ])
        try fixture.place.write(
            "one,two \(KeySamples.ed25519)\n@cert-authority far \(KeySamples.rsa)\n", "known_hosts")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["one", "two"])
        #expect(contents.gateways.isEmpty)
    }
}
