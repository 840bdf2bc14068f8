import Foundation
import FwdCore
import FwdTestSupport
import Testing

@testable import FwdOpenSSH

/// What the real `ssh -G` says about real files.
@Suite struct SSHClientSettingsTests {
    private let ssh = SSHClientProgram.patient
    /// ssh asks the passwd database.
    private let home = String(cString: getpwuid(getuid()).pointee.pw_dir)

    @Test("without configuration a host is itself, and ssh's usual keys and files are named")
    func defaults() async throws {
        let settings = try await ssh.settings(host: "Example.ORG", file: .none)
        #expect(settings.hostName == "example.org")
        #expect(settings.port == 22)
        #expect(settings.user == String(cString: getpwuid(getuid()).pointee.pw_name))
        #expect(settings.identityFiles.contains("\(home)/.ssh/id_ed25519"))
        #expect(!settings.hasOwnIdentityFiles)
        #expect(!settings.identitiesOnly)
        #expect(settings.identityAgent == nil)
        #expect(settings.userKnownHostsFiles.first == "\(home)/.ssh/known_hosts")
        #expect(settings.globalKnownHostsFiles.first == "/etc/ssh/ssh_known_hosts")
        #expect(settings.certificateFiles == [] && settings.proxyJump == [] && settings.localForwards == [])
        #expect(settings.hostKeyAlias == nil && settings.proxyCommand == nil && settings.bindAddress == nil)
        #expect(settings.connectTimeout == nil && settings.serverAliveInterval == nil)
        #expect(settings.serverAliveCountMax == 3)
    }

    @Test("an alias gets everything that its block says")
    func alias() async throws {
        let settings = try await settings(
            """
            Host work
                HostName %h.example.org
                Port 2222
                User tunnel
                IdentitiesOnly yes
                HostKeyAlias Gateway
                BindAddress 127.0.0.1
                ConnectTimeout 1m
                ServerAliveInterval 7
                ServerAliveCountMax 2
            """, "work")
        #expect(settings.hostName == "work.example.org")
        #expect(settings.port == 2222)
        #expect(settings.user == "tunnel")
        #expect(settings.identitiesOnly)
        #expect(settings.hostKeyAlias == "gateway")
        #expect(settings.bindAddress == "127.0.0.1")
        #expect(settings.connectTimeout == .seconds(60))
        #expect(settings.serverAliveInterval == .seconds(7))
        #expect(settings.serverAliveCountMax == 2)
    }

    @Test("paths of keys have tilde, tokens, variables and quotes replaced")
    func identities() async throws {
        let settings = try await settings(
            """
            Host work
                HostName h.example.org
                User bob
                Port 2222
                IdentityFile ~/.ssh/%n-%h-%p-%r-%k
                IdentityFile "/with blank/100%%"
                IdentityFile %d/${LANG_OF_TEST}x
                IdentityFile ~root/id_%i_%u
                CertificateFile ~/cert-%L-%l-%j-
                IdentityFile none
            """.replacingOccurrences(of: "${LANG_OF_TEST}", with: "${PATH}"), "work")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let user = String(cString: getpwuid(getuid()).pointee.pw_name)
        #expect(
            settings.identityFiles == [
                "\(home)/.ssh/work-h.example.org-2222-bob-work", "/with blank/100%", "\(home)/\(path)x",
                "/root/id_\(getuid())_\(user)",
            ])
        let host = try await ProcessRun.output(of: "hostname", []).trimmingCharacters(in: .newlines)
        #expect(settings.certificateFiles == ["\(home)/cert-\(host.prefix { $0 != "." })-\(host)--"])
        #expect(settings.hasOwnIdentityFiles)
    }

    @Test("the hash of a connection, %C, is ssh's own")
    func connectionHash() async throws {
        // ssh prints this keyword expanded, and that one as it is.
        let settings = try await settings("Host work\n User bob\n IdentityAgent /a/%C\n IdentityFile /a/%C\n", "work")
        #expect(settings.identityAgent == settings.identityFiles.first.map { .path($0) })
        #expect(settings.identityFiles.first?.count == 43)
    }

    @Test("a key list is the configuration's own even where it names one of the usual keys")
    func ownIdentities() async throws {
        #expect(try await settings("IdentityFile ~/.ssh/id_rsa\n", "work").hasOwnIdentityFiles)
        let none = try await settings("IdentityFile none\n", "work")
        #expect(none.hasOwnIdentityFiles && none.identityFiles == [])
        #expect(try await !settings("Port 23\n", "work").hasOwnIdentityFiles)
    }

    @Test(
        "an unknown token, variable or user is an error, not a file",
        arguments: [
            ("/a/%q", "IdentityFile /a/%q has an unknown token; %% stands for %"),
            ("/a/%", "IdentityFile /a/% has an unknown token; %% stands for %"),
            ("/a/${FWD_NOT_SET}", "IdentityFile /a/${FWD_NOT_SET} has a variable that is not set"),
            ("/a/${PATH", "IdentityFile /a/${PATH has a variable that is not set"),
            ("~nobody-such/x", "IdentityFile ~nobody-such/x names a user that does not exist"),
        ])
    func badTokens(value: String, message: String) async throws {
        await #expect(throws: SSHClientError.unusable(message)) {
            try await self.settings("IdentityFile \(value)\n", "work")
        }
    }

    @Test(
        "the agent is none, the environment's, a variable's or a path",
        arguments: [
            ("none", AgentSocket.none), ("SSH_AUTH_SOCK", .environment), ("/run/%n/agent", .path("/run/work/agent")),
            ("$FWD_NOT_SET", AgentSocket.none), ("\"/with blank\"", .path("/with blank")),
            ("$PATH", .path(ProcessInfo.processInfo.environment["PATH"] ?? "")),
        ])
    func agents(value: String, expected: AgentSocket) async throws {
        #expect(try await settings("IdentityAgent \(value)\n", "work").identityAgent == expected)
    }

    @Test("an agent beside the home directory")
    func agentAtHome() async throws {
        #expect(try await settings("IdentityAgent ~/a\n", "work").identityAgent == .path("\(home)/a"))
    }

    @Test("known hosts files are listed one by one, those with blanks in their names, too")
    func knownHosts() async throws {
        let settings = try await settings(
            "UserKnownHostsFile ~/a \"/b c/d\" /%h/e\nGlobalKnownHostsFile none\n", "work")
        #expect(settings.userKnownHostsFiles == ["\(home)/a", "/b c/d", "/work/e"])
        #expect(settings.globalKnownHostsFiles == [])
        #expect(try await self.settings("UserKnownHostsFile none\n", "work").userKnownHostsFiles == [])
    }

    @Test(
        "jumps are read in their order",
        arguments: [
            ("a", [JumpHop(host: "a")]), ("none", []),
            (
                "a@b:2200,[::1],c@[fe80::1]:23,d",
                [
                    JumpHop(user: "a", host: "b", port: 2200), JumpHop(host: "::1"),
                    JumpHop(user: "c", host: "fe80::1", port: 23), JumpHop(host: "d"),
                ]
            ),
            ("ssh://u@h:33", [JumpHop(user: "u", host: "h", port: 33)]),
            ("a@b@c:1", [JumpHop(user: "a@b", host: "c", port: 1)]),
            ("%r@gw-%n:2200", [JumpHop(user: "bob", host: "gw-work", port: 2200)]),
        ])
    func jumps(value: String, hops: [JumpHop]) async throws {
        let settings = try await settings("User bob\nPort 2222\nProxyJump \(value)\n", "work")
        #expect(settings.proxyJump == hops)
    }

    @Test("a hop reads as ssh_config writes it")
    func hopDescriptions() {
        #expect(JumpHop(user: "u", host: "::1", port: 5).description == "u@[::1]:5")
        #expect(JumpHop(host: "h").description == "h")
    }

    @Test("a proxy command has its own tokens, and keeps its quotes and blanks")
    func proxyCommand() async throws {
        let command = try await settings(
            "HostName h\nUser bob\nProxyCommand nc  \"%h\" %p '100%%' %n %r $HOME\n", "work"
        ).proxyCommand
        #expect(command == "nc  \"h\" 22 '100%' work bob $HOME")
        #expect(try await settings("ProxyCommand none\n", "work").proxyCommand == nil)
        await #expect(throws: SSHClientError.self) { try await self.settings("ProxyCommand nc %d\n", "work") }
    }

    @Test("forwards come in the grammar of ssh -L, -R and -D, and parse as such")
    func forwards() async throws {
        let settings = try await settings(
            """
            LocalForward 8080 db:80
            LocalForward 127.0.0.1:8081 [2001:db8::1]:81
            LocalForward *:8082 db:82
            LocalForward [::1]:8083 db:83
            LocalForward 8084 /run/sock
            LocalForward /tmp/a db:85
            RemoteForward 9000 localhost:22
            RemoteForward *:9001 localhost:22
            RemoteForward 9002
            RemoteForward /tmp/r /tmp/l
            DynamicForward 1080
            DynamicForward *:1081
            """, "work")
        #expect(
            settings.localForwards == [
                "8080:db:80", "127.0.0.1:8081:[2001:db8::1]:81", "*:8082:db:82", "[::1]:8083:db:83", "8084:/run/sock",
                "/tmp/a:db:85",
            ])
        #expect(
            settings.remoteForwards == ["9000:localhost:22", "*:9001:localhost:22", "9002", "/tmp/r:/tmp/l"])
        #expect(settings.dynamicForwards == ["1080", "*:1081"])
    }

    @Test("Match sees the user and the port that were asked for, and runs commands")
    func match() async throws {
        let text = """
            Match user bob
                IdentityFile /bob
            Match host work exec "test %n = work"
                HostKeyAlias executed
            Match exec "exit 1"
                BindAddress 127.0.0.9
            """
        let bob = try await settings(text, "work", user: "bob", port: 2022)
        #expect(bob.identityFiles == ["/bob"] && bob.user == "bob" && bob.port == 2022)
        #expect(bob.hostKeyAlias == "executed" && bob.bindAddress == nil)
        let alice = try await settings(text, "play", user: "alice")
        #expect(!alice.hasOwnIdentityFiles && alice.hostKeyAlias == nil)
    }

    @Test("wildcards, negations, includes and the first value of many count as for ssh")
    func includes() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("Host gw\n Port 2201\n", to: "10.conf")
            try directory.write("Host gw\n Port 2202\n User late\n", to: "20.conf")
            let file = try directory.write(
                "Include \(directory.path)/*.conf\nHost * !other\n User any\n HostName 127.0.0.7\n", to: "config")
            let gateway = try await ssh.settings(host: "gw", file: .file(file))
            #expect(gateway.port == 2201 && gateway.user == "late" && gateway.hostName == "127.0.0.7")
            let other = try await ssh.settings(host: "other", file: .file(file))
            #expect(other.port == 22 && other.user != "any" && other.hostName == "other")
        }
    }

    @Test("addresses lose their brackets")
    func brackets() async throws {
        #expect(try await ssh.settings(host: "[::1]", file: .none).hostName == "::1")
    }

    private func settings(
        _ text: String, _ host: String, user: String? = nil, port: UInt16? = nil
    ) async throws -> SSHClientSettings {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(text + "\n", to: "config")
            return try await ssh.settings(host: host, user: user, port: port, file: .file(file))
        }
    }
}
