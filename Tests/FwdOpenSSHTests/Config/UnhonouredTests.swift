import FwdTestSupport
import Testing

@testable import FwdOpenSSH

@Suite struct UnhonouredTests {
    @Test(
        "keywords with an effect that fwd does not have are listed as ssh_config(5) spells them",
        arguments: [
            ("Ciphers aes256-ctr", ["Ciphers"]), ("MACs hmac-sha2-256", ["MACs"]),
            ("PubkeyAuthentication no\nAddressFamily inet6", ["AddressFamily", "PubkeyAuthentication"]),
            ("RevokedHostKeys /etc/ssh/revoked", ["RevokedHostKeys"]), ("VerifyHostKeyDNS yes", ["VerifyHostKeyDNS"]),
            ("KnownHostsCommand /bin/true", ["KnownHostsCommand"]), ("Compression yes", ["Compression"]),
            ("NoHostAuthenticationForLocalhost yes", ["NoHostAuthenticationForLocalhost"]),
            ("PreferredAuthentications password", ["PreferredAuthentications"]),
            ("PKCS11Provider /lib/x.so", ["PKCS11Provider"]), ("RekeyLimit 1G", ["RekeyLimit"]),
            ("PasswordAuthentication yes", []), ("Compression no", []),
        ])
    func listed(text: String, keywords: [String]) async throws {
        #expect(try await unhonoured(text) == keywords)
    }

    @Test("what fwd uses or may ignore is not listed")
    func silent() async throws {
        let text = """
            HostName h
            Port 23
            User bob
            IdentityFile /x
            IdentityAgent none
            CertificateFile /x
            UserKnownHostsFile /x
            GlobalKnownHostsFile /x
            HostKeyAlias x
            ProxyJump x
            BindAddress 127.0.0.1
            ConnectTimeout 3
            ServerAliveInterval 3
            LocalForward 80 a:80
            SendEnv LANG LC_*
            SetEnv A=B
            HashKnownHosts yes
            GSSAPIAuthentication yes
            StrictHostKeyChecking accept-new
            ControlMaster auto
            ControlPath ~/.ssh/%C
            ControlPersist 10m
            ForwardAgent yes
            ForwardX11 yes
            LogLevel ERROR
            RequestTTY force
            RemoteCommand true
            """
        #expect(try await unhonoured(text) == [])
    }

    @Test("every keyword of this ssh is in the table")
    func complete() async throws {
        let values = try await SSHClientProgram.patient.settings(host: "a", file: .none).values
        #expect(values.count > 50)
        let unknown = values.keys.filter { SSHKeyword.look(up: $0).name == $0 }
        #expect(unknown == [])
    }

    @Test("a keyword that nobody has heard of is listed")
    func unheardOf() throws {
        let plain = try SSHClientSettings([:], host: "a", defaultIdentityFiles: [])
        let new = try SSHClientSettings(["newfeature": ["yes"]], host: "a", defaultIdentityFiles: [])
        #expect(new.unhonoured(comparedTo: plain) == ["newfeature"])
    }

    private func unhonoured(_ text: String) async throws -> [String] {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("Host work\n\(text)\n", to: "config")
            let ssh = SSHClientProgram.patient
            let settings = try await ssh.settings(host: "work", file: .file(file))
            return settings.unhonoured(comparedTo: try await ssh.settings(host: "work", file: .none))
        }
    }
}
