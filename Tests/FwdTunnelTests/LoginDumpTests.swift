import FwdCore
import FwdTestSupport
import NIOCore
import NIOPosix
import Testing

@testable import FwdTunnel

@Suite("Logging in: what is held in memory") struct LoginDumpTests {
    @Test("a dump of everything that a login has read shows no secret")
    func dumpsNoSecret() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try await SSHKey.generate(.ed25519, at: directory.file("key"), passphrase: "open sesame")
            let passphrase = try directory.write("open sesame\n", to: "passphrase")
            let password = try directory.write("swordfish\n", to: "password")
            var configuration = GatewayConfiguration(name: "g", host: "h", user: "u", keys: [])
            configuration.login.identities = [
                IdentityConfiguration(key: .file(key.path), passphrase: .file(passphrase))
            ]
            configuration.login.password = .file(password)
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let login = try await LoginLoader.load(configuration, on: loop).get()
            #expect(login.credentials.count == 3)
            var text = ""
            dump(configuration, to: &text)
            dump(login, to: &text)
            text += "\(login) \(String(reflecting: login))"
            #expect(text.contains(key.path))
            #expect(!text.contains("open sesame"))
            #expect(!text.contains("swordfish"))
            // The first lines of the file hold the public half.
            let body = try #require(readWholeFile(key.path)).split(separator: "\n").dropLast().suffix(3)
            for line in body where line.count > 20 { #expect(!text.contains(line.prefix(20)), "\(line.prefix(20))") }
            // Nor as the numbers that an array of bytes prints as.
            #expect(!text.contains("45, 45, 45, 45, 45"))
        }
    }
}
