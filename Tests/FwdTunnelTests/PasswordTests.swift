import FwdCore
import FwdTestSupport
import FwdTunnel
import Testing

@Suite("Logging in: passwords, the last resort") struct PasswordTests {
    @Test(
        "password and keyboard-interactive, after the keys",
        .enabled(if: PasswordAccount.isAvailable, Comment(rawValue: PasswordAccount.whatIsMissing)),
        arguments: [
            ("KbdInteractiveAuthentication no", "password from ", "password"),
            ("PasswordAuthentication no", "keyboard-interactive with the password from ", "keyboard-interactive/pam"),
        ])
    func logsIn(forbidden: String, name: String, method: String) async throws {
        let account = PasswordAccount()
        let options = SSHDOptions(
            configuration: [forbidden], authorizesUserKey: false, passwordAccount: account)
        try await TemporaryDirectory.with { directory in
            let secret = try directory.write(account.password + "\n", to: "password")
            try await SSHDFixture.with(options) { sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.password = .file(secret)
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.up)
                    #expect(status.session?.identity == name + secret)
                    #expect(status.credentials.first?.outcome == .refused)
                    #expect(!"\(status)".contains(account.password))
                }
                #expect(sshd.acceptedLogins.map(\.method) == [method])
            }
        }
    }

    @Test(
        "a server that wants a key and a password gets both",
        .enabled(if: PasswordAccount.isAvailable, Comment(rawValue: PasswordAccount.whatIsMissing)))
    func givesBoth() async throws {
        let account = PasswordAccount()
        let options = SSHDOptions(
            configuration: ["AuthenticationMethods publickey,password"], passwordAccount: account)
        try await TemporaryDirectory.with { directory in
            let secret = try directory.write(account.password, to: "password")
            try await SSHDFixture.with(options) { sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.password = .file(secret)
                try await GatewayFixture.with(configuration) { try await $0.waitUntil(.up) }
            }
        }
    }

    @Test(
        "a wrong password parks the gateway",
        .enabled(if: PasswordAccount.isAvailable, Comment(rawValue: PasswordAccount.whatIsMissing)))
    func parksOnWrongPassword() async throws {
        let options = SSHDOptions(authorizesUserKey: false, passwordAccount: PasswordAccount())
        try await TemporaryDirectory.with { directory in
            let secret = try directory.write("not-the-password", to: "password")
            try await SSHDFixture.with(options) { sshd in
                var configuration = sshd.gatewayConfiguration()
                configuration.login.password = .file(secret)
                try await GatewayFixture.with(configuration) { fixture in
                    let status = try await fixture.waitUntil(.parked)
                    #expect(status.cause?.reason == .auth)
                    #expect(status.credentials.map(\.outcome) == [.refused, .refused, .refused])
                    #expect(!"\(status)".contains("not-the-password"))
                }
            }
        }
    }
}
