import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// Certificates, passwords and the log of an `SSHDFixture`.
@Suite(.serialized) struct SSHDLoginTests {
    private func options(_ lines: [String] = []) -> SSHDOptions {
        SSHDOptions(configuration: lines + ["Subsystem sftp internal-sftp"])
    }

    /// Logs in with the real ssh; earlier options count.
    private func login(at sshd: SSHDFixture, _ options: [String], environment: [String: String]? = nil) async throws
        -> ProcessResult
    {
        try await ProcessRun.run("ssh", options + sshd.sshArguments(["-s"]) + ["sftp"], environment: environment)
    }

    /// Logs in with a password by one method.
    private func login(at sshd: SSHDFixture, password: String, method: String) async throws -> ProcessResult {
        let script = try sshd.directory.write("#!/bin/sh\necho '\(password)'\n", to: "askpass", mode: 0o700)
        let environment = ["PATH": "/usr/bin:/bin", "SSH_ASKPASS": script, "SSH_ASKPASS_REQUIRE": "force"]
        let options = ["BatchMode=no", "PreferredAuthentications=\(method)", "NumberOfPasswordPrompts=1"]
        return try await login(at: sshd, options.flatMap { ["-o", $0] }, environment: environment)
    }

    @Test(arguments: SSHKey.KeyType.allCases)
    func `A certificate of the trusted CA logs in, and the log names it`(type: SSHKey.KeyType) async throws {
        let ca = try await SSHKey.shared(.ecdsa256, name: "user-ca")
        var options = options()
        (options.userKey, options.trustedUserCA, options.authorizesUserKey) = (type, ca, false)
        try await SSHDFixture.with(options) { sshd in
            let key = try await sshd.userKey.certified(
                by: ca, principals: [sshd.user], in: sshd.directory, identity: "someone")
            let result = try await login(at: sshd, ["-i", key.path])
            #expect(result.exit == .exited(0), "\(result)")
            let accepted = try #require(sshd.acceptedKeys.first)
            #expect(accepted.method == "publickey" && accepted.user == sshd.user)
            #expect(accepted.keyType?.hasSuffix("-CERT") == true)
            #expect(accepted.fingerprint == key.pin.fingerprint && accepted.certificateID == "someone")
        }
    }

    @Test func `Certificates for another, of yesterday, or of another CA are refused`() async throws {
        let ca = try await SSHKey.shared(.ed25519, name: "user-ca")
        let other = try await SSHKey.shared(.ed25519, name: "other-ca")
        var options = options()
        (options.trustedUserCA, options.authorizesUserKey) = (ca, false)
        try await SSHDFixture.with(options) { sshd in
            let (key, directory) = (sshd.userKey, sshd.directory)
            for certified in [
                try await key.certified(by: ca, principals: ["nobody-here"], in: directory),
                try await key.certified(by: ca, principals: [sshd.user], in: directory, validity: "-2d:-1d"),
                try await key.certified(by: other, principals: [sshd.user], in: directory),
            ] {
                let result = try await login(at: sshd, ["-i", certified.path])
                #expect(result.errors.contains("Permission denied"), "\(result)")
            }
            #expect(sshd.acceptedLogins == [])
        }
    }

    @Test func `Keys of every type can be authorized at one server`() async throws {
        var keys: [SSHKey] = []
        for type in SSHKey.KeyType.allCases { keys.append(try await SSHKey.shared(type, name: "another-user")) }
        var options = options()
        options.authorizedKeys = keys.map(\.publicLine)
        try await SSHDFixture.with(options) { sshd in
            for key in keys {
                let result = try await login(at: sshd, ["-i", key.path])
                #expect(result.exit == .exited(0), "\(result)")
            }
            #expect(sshd.acceptedKeys.map(\.fingerprint) == keys.map(\.pin.fingerprint))
            #expect(sshd.acceptedKeys.map(\.keyType) == ["ED25519", "RSA", "ECDSA", "ECDSA", "ECDSA"])
        }
    }

    @Test(arguments: ["rsa-sha2-256", "rsa-sha2-512"])
    func `The log tells the algorithms`(algorithm: String) async throws {
        var options = options(["HostKeyAlgorithms \(algorithm)", "PubkeyAcceptedAlgorithms \(algorithm)"])
        (options.hostKeys, options.userKey, options.logLevel) = ([.rsa3072], .rsa3072, "DEBUG1")
        try await SSHDFixture.with(options) { sshd in
            let result = try await login(at: sshd, ["-o", "PubkeyAcceptedAlgorithms=\(algorithm)"])
            #expect(result.exit == .exited(0), "\(result)")
            #expect(sshd.hostKeyAlgorithms == [algorithm])
            #expect(sshd.publicKeyAlgorithms == [algorithm])
        }
    }

    @Test(.enabled(if: PasswordAccount.isAvailable, "\(PasswordAccount.whatIsMissing)"))
    func `A password logs in by both methods, and a wrong one by none`() async throws {
        var options = options()
        options.passwordAccount = PasswordAccount()
        try await SSHDFixture.with(options) { sshd in
            let account = try #require(sshd.passwordAccount)
            for method in ["password", "keyboard-interactive"] {
                let refused = try await login(at: sshd, password: account.password + "x", method: method)
                #expect(refused.errors.contains("Permission denied"), "\(refused)")
                let accepted = try await login(at: sshd, password: account.password, method: method)
                #expect(accepted.exit == .exited(0), "\(accepted)")
            }
            #expect(sshd.acceptedLogins.map(\.method) == ["password", "keyboard-interactive/pam"])
            #expect(sshd.acceptedLogins.map(\.user) == [account.user, account.user])
            #expect(sshd.acceptedKeys == [])
        }
    }

    @Test(.enabled(if: PasswordAccount.isAvailable, "\(PasswordAccount.whatIsMissing)"))
    func `A method can be forbidden, and nothing is left in pam d`() async throws {
        var options = options(["PasswordAuthentication no"])
        options.passwordAccount = PasswordAccount()
        var services: [String] = []
        try await SSHDFixture.with(options) { sshd in
            services = try pamServices().filter { $0.hasPrefix("sshd-fwd-") }
            #expect(!services.isEmpty)
            let account = try #require(sshd.passwordAccount)
            let refused = try await login(at: sshd, password: account.password, method: "password")
            #expect(refused.errors.contains("Permission denied"), "\(refused)")
            try await sshd.restart()
            let key = try await login(at: sshd, [])
            #expect(key.exit == .exited(0), "\(key)")
        }
        let left = try pamServices()
        #expect(services.contains { !left.contains($0) })
    }

    private func pamServices() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/etc/pam.d")
    }
}
