import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A directory of gateways beside the ssh_config and the known_hosts that their files name; the ssh is the real one.
struct ResolutionFixture {
    let directory: TemporaryDirectory
    let place: TemporaryDirectory

    /// - Parameter config: what ssh reads; `$DIR` is the directory that it is in.
    init(config: String = "", knownHosts: String = "* \(KeySamples.ed25519)\n") throws {
        directory = try TemporaryDirectory()
        place = try TemporaryDirectory()
        try place.write(
            "\(config.replacing("$DIR", with: place.path))\nHost *\n  UserKnownHostsFile \(place.path)/known_hosts\n"
                + "  GlobalKnownHostsFile none\n", "config")
        try place.write(knownHosts, "known_hosts")
    }

    var configLine: String { "ssh-config: \(place.path)/config" }

    /// - Parameter keys: further lines of the gateway section.
    func gateway(_ name: String, host: String? = nil, _ keys: String..., port: Int = 0) throws {
        let lines = (["host: \(host ?? name)", configLine] + keys).map { "  \($0)\n" }.joined()
        let forwards = port > 0 ? "forwards: {a: -L \(port):b:2}\n" : ""
        try directory.write("gateway:\n\(lines)\(forwards)", "\(name).yaml")
    }

    func resolved(_ ssh: SSHClientProgram = SSHClientProgram()) async throws -> ForwardsDirectory.Contents {
        var environment = machine
        let place = place.path
        environment.fileExists = { $0.hasPrefix(place) && ConfigEnvironment.current.fileExists($0) }
        return try await ForwardsDirectory(path: directory.path, environment: environment).resolved(using: ssh)
    }

    /// Without the paths, and without what every gateway of these tests gives.
    func messages(_ contents: ForwardsDirectory.Contents) -> [String] {
        contents.diagnostics.filter { diagnostic in
            !["forwards: none", "gateway.identity: absent"].contains { diagnostic.message.hasPrefix($0) }
                && !diagnostic.message.contains("there is no file")
        }.map { $0.description.replacing("\(directory.path)/", with: "").replacing(place.path, with: "$DIR") }
    }

    /// An ssh that writes down what it is asked.
    func recordingSSH() throws -> SSHClientProgram {
        try place.write("#!/bin/sh\necho \"$@\" >>\(place.path)/asked\nexec ssh \"$@\"\n", "ssh")
        chmod("\(place.path)/ssh", 0o755)
        return SSHClientProgram(path: "\(place.path)/ssh")
    }

    var asked: [String] {
        ((try? place.read("asked")) ?? "").split(separator: "\n").map(String.init)
    }
}

@Suite struct ResolutionTests {
    @Test func whatTheFileLeavesOpenComesFromSSHConfig() async throws {
        let fixture = try ResolutionFixture(
            config: """
                Host work
                  HostName 127.0.0.9
                  Port 2222
                  User tunnel
                  IdentityFile $DIR/one
                  IdentityFile $DIR/two
                  CertificateFile $DIR/two-cert.pub
                  IdentitiesOnly yes
                  IdentityAgent $DIR/agent
                  HostKeyAlias alias
                  BindAddress 127.0.0.3
                  ConnectTimeout 7
                  ServerAliveInterval 20
                  ServerAliveCountMax 4
                """)
        let path = fixture.place.path
        try fixture.gateway("work", port: 1)
        let work = try #require(try await fixture.resolved().gateways["work"])
        #expect(work.host == "work")
        #expect(work.hostName == "127.0.0.9")
        #expect(work.port == 2222)
        #expect(
            work.login
                == LoginConfiguration(
                    user: "tunnel",
                    identities: [
                        IdentityConfiguration("\(path)/one"),
                        IdentityConfiguration(key: .file("\(path)/two"), certificate: "\(path)/two-cert.pub"),
                    ], agent: .path("\(path)/agent"), offersOnlyIdentities: true))
        #expect(work.trust == HostTrust(knownHosts: ["\(path)/known_hosts"], hostKeyAlias: "alias"))
        #expect(work.route == .direct(bindAddress: "127.0.0.3"))
        #expect(work.connectTimeout == .seconds(7))
        #expect(work.liveness == Liveness(interval: .seconds(20), count: 4))
        #expect(work.forwards.count == 1)
    }

    @Test func theFileAlwaysWins() async throws {
        let fixture = try ResolutionFixture(
            config: """
                Host work
                  Port 2222
                  User tunnel
                  IdentityFile $DIR/one
                  IdentityAgent $DIR/agent
                  ProxyCommand nc %h %p
                Match user ann
                  HostKeyAlias seen-by-match
                """)
        try fixture.gateway(
            "work", "port: 22", "user: ann", "identity: /k", "agent: none", "known-hosts: [/h]", "via: other")
        try fixture.gateway("other")
        let work = try #require(try await fixture.resolved().gateways["work"])
        #expect(work.port == 22)
        #expect(
            work.login == LoginConfiguration(user: "ann", identities: [IdentityConfiguration("/k")], agent: .none))
        #expect(work.trust.knownHosts == ["/h"])
        #expect(work.trust.hostKeyAlias == "seen-by-match")
        #expect(work.route == .via("other"))
    }

    @Test func aProxyCommandIsTheRoute() async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  HostName 127.0.0.9\n  ProxyCommand nc -X 5 %h %p\n")
        try fixture.gateway("work", "port: 2200")
        #expect(try await fixture.resolved().gateways["work"]?.route == .command("nc -X 5 127.0.0.9 2200"))
    }

    @Test func ofTheUsualKeysThoseCountThatExist() async throws {
        let fixture = try ResolutionFixture()
        try fixture.gateway("work")
        let account = ConfigEnvironment.current.accountHomeDirectory
        var environment = machine
        environment.fileExists = { $0 == "\(account)/.ssh/id_ecdsa" || $0 == "\(account)/.ssh/id_ed25519_sk" }
        let forwards = ForwardsDirectory(path: fixture.directory.path, environment: environment)
        let work = try #require(try await forwards.resolved().gateways["work"])
        #expect(work.login.identities == [IdentityConfiguration("\(account)/.ssh/id_ecdsa")])
        #expect(!work.login.offersOnlyIdentities)
        #expect(work.login.agent == .environment)
        #expect(work.liveness == Liveness())
        #expect(work.connectTimeout == GatewayConfiguration.defaultConnectTimeout)
    }

    @Test func aCertificateFindsItsKey() async throws {
        let fixture = try ResolutionFixture(
            config: "Host *\n  IdentityFile $DIR/a\n  IdentityFile $DIR/b\n  CertificateFile $DIR/c\n"
                + "  CertificateFile $DIR/a-cert.pub\n  CertificateFile $DIR/lost\n")
        let path = fixture.place.path
        for name in ["a", "b", "authority"] {
            try await keygen("-q", "-t", "ed25519", "-N", "", "-f", "\(path)/\(name)")
        }
        try await keygen("-q", "-s", "\(path)/authority", "-I", "id", "-n", "ann", "\(path)/b.pub")
        rename("\(path)/b-cert.pub", "\(path)/c")
        try fixture.gateway("work")
        let contents = try await fixture.resolved()
        #expect(
            contents.gateways["work"]?.login.identities == [
                IdentityConfiguration(key: .file("\(path)/a"), certificate: "\(path)/a-cert.pub"),
                IdentityConfiguration(key: .file("\(path)/b"), certificate: "\(path)/c"),
            ])
        #expect(
            fixture.messages(contents) == [
                "work.yaml:2:9: warning: gateway.host: CertificateFile $DIR/lost of ssh_config belongs to no "
                    + "IdentityFile; name both under \"identity\""
            ])
    }

    @Test func withoutAnSSHTheFileIsAllThereIs() async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  Port 2222\n")
        try fixture.gateway("work", "host-key: \(pin)", "identity: ~/.ssh/id_ed25519", port: 1)
        let contents = try await fixture.resolved(SSHClientProgram(path: "/nowhere/ssh"))
        #expect(contents.gateways == (try fixture.directory.forwards.load().gateways))
        #expect(fixture.messages(contents) == [])
    }

    @Test func whatSSHRefusesIsAnErrorAtTheHost() async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  Prot 2222\n")
        try fixture.gateway("work", port: 1)
        try fixture.directory.write(head + "  b: -L 2:b:2\n", "other.yaml")
        let contents = try await fixture.resolved()
        #expect(contents.refused == ["work"])
        #expect(contents.gateways.keys.sorted() == ["other"])
        let error = try #require(contents.diagnostics.errors.first)
        #expect(error.line == 2 && error.column == 9)
        #expect(error.message.hasPrefix("gateway.host: ssh -G refuses: "))
        #expect(error.message.contains("\(fixture.place.path)/config: line 2: Bad configuration option: prot"))
    }

    @Test func sshIsAskedOnceForEachHost() async throws {
        let fixture = try ResolutionFixture(config: "Host a b c\n  ProxyJump jump\n")
        for name in ["a", "b", "c", "d", "e", "f"] { try fixture.gateway(name) }
        let contents = try await fixture.resolved(try fixture.recordingSSH())
        #expect(contents.gateways.count == 7)
        for host in ["a", "b", "c", "d", "e", "f", "jump"] {
            let asked = fixture.asked.filter { $0.hasSuffix("-- \(host)") && $0.contains("/config") }
            #expect(asked.count == 1, "\(fixture.asked)")
        }
    }

    @Test func sshIsNotAskedWhereItCannotKnowMore() async throws {
        let fixture = try ResolutionFixture()
        let ssh = try fixture.recordingSSH()
        try fixture.directory.write(head + "  a: -L 1:b:2\n", "plain.yaml")
        try fixture.directory.write("gateway: {host: h, ssh-config: none}\n", "none.yaml")
        #expect(try await fixture.resolved(ssh).gateways.count == 2)
        #expect(fixture.asked == [])
    }

    @Test(arguments: ["/home/account/.ssh/config", "/etc/ssh/ssh_config"])
    func sshIsAskedWhereItHasAConfiguration(path: String) async throws {
        let fixture = try ResolutionFixture()
        let ssh = try fixture.recordingSSH()
        try fixture.directory.write(head + "  a: -L 1:b:2\n", "plain.yaml")
        var environment = machine
        environment.accountHomeDirectory = "/home/account"
        environment.fileExists = { $0 == path }
        let forwards = ForwardsDirectory(path: fixture.directory.path, environment: environment)
        _ = try await forwards.resolved(using: ssh)
        #expect(fixture.asked.contains { $0.hasSuffix("t2.example.org") })
    }

    @Test func keywordsThatAreNotHonouredAreListed() async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  Compression yes\n  Ciphers aes128-ctr\n  Port 2222\n")
        try fixture.gateway("work")
        try fixture.gateway("plain")
        #expect(
            fixture.messages(try await fixture.resolved()).filter { $0.contains("ssh_config") } == [
                "work.yaml:2:9: warning: gateway.host: ssh_config sets Ciphers, Compression for this host, "
                    + "which fwd does not honour"
            ])
    }
}
