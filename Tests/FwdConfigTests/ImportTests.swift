import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

@Suite struct ImportTests {
    private let config = """
        Host work
          HostName 127.0.0.9
          LocalForward 5432 db:5432
          LocalForward 127.0.0.2:5432 [2001:db8::7]:5432
          LocalForward *:8080 web:80
          LocalForward 5432 again:1
          LocalForward 81 /run/web.sock
          LocalForward $DIR/listen.sock db:1
          RemoteForward 2222 localhost:22
          RemoteForward 0.0.0.0:2223 localhost:22
          RemoteForward 1081
          DynamicForward 1080
          DynamicForward 127.0.0.2:1080
        """

    @Test func forwardsOfSSHConfigBecomeAFile() async throws {
        let fixture = try ResolutionFixture(config: config)
        let file = SSHConfigFile.file("\(fixture.place.path)/config")
        let settings = try await SSHClientProgram().settings(host: "work", file: file)
        let imported = ForwardsFile.importText(of: settings, alias: "work", sshConfig: file)
        #expect(
            imported.text == """
                gateway:
                  host: work
                  ssh-config: \(fixture.place.path)/config
                forwards:
                  l5432: -L 5432:db:5432
                  l5432-2: -L 127.0.0.2:5432:[2001:db8::7]:5432
                  l8080: -L *:8080:web:80
                  l81: -L 81:/run/web.sock
                  listen-sock: -L \(fixture.place.path)/listen.sock:db:1
                  r2222: -R 2222:localhost:22
                  r2223: -R 0.0.0.0:2223:localhost:22
                  d1080: -D 1080
                  d1080-2: -D 127.0.0.2:1080

                """)
        #expect(
            imported.omissions.map { $0.description.replacing(fixture.place.path, with: "$DIR") } == [
                "LocalForward 5432:again:1: \"l5432\" listens on localhost:5432 already",
                "RemoteForward 1081: dynamic forwards (-R without a target) are not supported",
            ])
        let read = try self.read(imported.text)
        #expect(read.configuration.forwards == imported.forwards)
        #expect(read.sshConfig == file)
    }

    @Test func withoutForwardsThereIsAGatewayAlone() async throws {
        let fixture = try ResolutionFixture()
        let settings = try await SSHClientProgram().settings(
            host: "plain", file: .file("\(fixture.place.path)/config"))
        let imported = ForwardsFile.importText(of: settings, alias: "plain")
        #expect(imported.text == "gateway:\n  host: plain\n")
        #expect(imported.omissions == [])
        #expect(try read(imported.text).sshConfig == .standard)
    }

    private func read(_ text: String) throws -> ForwardsFile { try file(text) }
}
