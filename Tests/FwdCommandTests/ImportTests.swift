import Foundation
import FwdConfig
import FwdCore
import FwdOpenSSH
import FwdTestSupport
import Testing

@testable import fwd

/// `fwd import` of the built binary with the real ssh.
@Suite struct ImportTests {
    static let text = """
        Host work
            HostName t2.example.org
            User tunnel
            Ciphers aes256-ctr
            LocalForward 15432 db.internal:5432
            LocalForward /tmp/here.sock db.internal:80
            RemoteForward 12222 localhost:22
            RemoteForward 11081
            DynamicForward 11080
        Host other.example
            LocalForward 15433 db:80
        Host clash
            LocalForward 15433 db:81
        Host quiet
            User nobody
        Host *.example.net
            LocalForward 1 t:2

        """

    @Test func everyHostWithForwardsGetsAFile() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(Self.text, to: "ssh_config")
            let result = try await Self.fwd(directory, [file])
            let folder = directory.file("d")
            #expect(
                result.output == """
                    \(folder)/work.yaml: -L 15432:db.internal:5432, -L /tmp/here.sock:db.internal:80, \
                    -R 12222:localhost:22, -D 11080
                    \(folder)/other.example.yaml: -L 15433:db:80

                    """)
            #expect(result.errors.contains("work: not taken over: RemoteForward 11081: dynamic forwards (-R without"))
            #expect(result.errors.contains("work: fwd does not honour Ciphers"))
            #expect(!result.errors.contains("quiet"))
            // Two gateways cannot listen on one port.
            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("clash: \(folder)/clash.yaml was not changed"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.file("d")).count == 2)
            let contents = try await ForwardsDirectory(path: directory.file("d")).resolved()
            let work = try #require(contents.gateways["work"])
            #expect((work.host, work.hostName, work.login.user) == ("work", "t2.example.org", "tunnel"))
            #expect(work.forwards.map(\.name) == ["l15432", "here-sock", "r12222", "d11080"])
        }
    }

    @Test func aFileThatExistsStays() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(Self.text, to: "ssh_config")
            try FileManager.default.createDirectory(atPath: directory.file("d"), withIntermediateDirectories: false)
            try directory.write("gateway: {host: mine}\n", to: "d/work.yaml")
            let result = try await Self.fwd(directory, [file, "work"])
            #expect(result.exit == .exited(1))
            #expect(result.errors.contains("work.yaml exists and stays as it is"))
            let text = FileManager.default.contents(atPath: directory.file("d/work.yaml"))
            #expect(text == Data("gateway: {host: mine}\n".utf8))
        }
    }

    @Test func aDryRunOnlyPrints() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(Self.text, to: "ssh_config")
            let result = try await Self.fwd(directory, [file, "work", "--dry-run"])
            #expect(result.exit == .exited(0), "\(result.errors)")
            let text = "# \(directory.file("d"))/work.yaml\ngateway:\n  host: work\n  ssh-config: \(file)\nforwards:\n"
            #expect(result.output.hasPrefix(text))
            #expect(result.errors.contains("1 file would be written"))
            #expect(!FileManager.default.fileExists(atPath: directory.file("d")))
        }
    }

    @Test func whatIsNotThereIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(Self.text, to: "ssh_config")
            let unknown = try await Self.fwd(directory, [file, "wrok", "quiet"])
            #expect(unknown.exit == .exited(1))
            #expect(unknown.errors.contains("has no \"Host wrok\""))
            #expect(unknown.errors.contains("quiet has no LocalForward or RemoteForward"))
            let missing = try await Self.fwd(directory, [directory.file("nowhere")])
            #expect(missing.exit == .exited(78))
            #expect(missing.errors.contains("\(directory.file("nowhere")) cannot be read"))
        }
    }

    @Test(
        arguments: [
            ([], "~/.ssh/config", []), (["work"], "~/.ssh/config", ["work"]), (["./c", "work"], "./c", ["work"]),
            (["here", "work"], "here", ["work"]),
        ] as [([String], String, [String])])
    func theFirstWordIsAFileWhereItCanBeOne(_ words: [String], _ path: String, _ aliases: [String]) {
        let source = ImportSource(words) { $0 == "here" }
        #expect(source.path == path)
        #expect(source.aliases == aliases)
        #expect((source.file == .standard) == (path == "~/.ssh/config"))
    }

    private static func fwd(_ directory: TemporaryDirectory, _ arguments: [String]) async throws -> ProcessResult {
        try await FwdProcess.run(
            ["import"] + arguments + ["--dir", directory.file("d"), "--control", directory.file("c.sock")])
    }
}
