import Foundation
import FwdTestSupport
import Testing

@testable import FwdOpenSSH

/// How the run of ssh itself can go wrong.
@Suite struct SSHClientProgramTests {
    @Test(
        "names that ssh could take for something else are refused before it runs",
        arguments: [("-oProxyCommand=x", nil), ("", nil), ("a\u{0}b", nil), ("a\nb", nil), ("a", "b\u{0}")])
    func refusedNames(host: String, user: String?) async throws {
        try await TemporaryDirectory.with { directory in
            let marker = directory.file("ran")
            let program = SSHClientProgram.patient(try script("touch \(marker)", in: directory))
            let error = await #expect(throws: SSHClientError.self) {
                try await program.settings(host: host, user: user, file: .none)
            }
            guard case .refused = error else { throw TestSupportError("it was \(String(describing: error))") }
            #expect(!FileManager.default.fileExists(atPath: marker))
        }
    }

    @Test("what ssh refuses is told in its words")
    func refusals() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("Host *\n Sheep yes\n", to: "config")
            let bad = "ssh -G refuses: \(file): line 2: Bad configuration option: sheep; "
            await #expect(throws: SSHClientError.self) {
                try await SSHClientProgram.patient.settings(host: "a b", file: .none)
            }
            let error = await #expect(throws: SSHClientError.self) {
                try await SSHClientProgram.patient.settings(host: "a", file: .file(file))
            }
            #expect(error?.description.hasPrefix(bad) == true)
            let missing = await #expect(throws: SSHClientError.self) {
                try await SSHClientProgram.patient.settings(host: "a", file: .file("/missing/config"))
            }
            #expect(missing?.description.contains("No such file or directory") == true)
        }
    }

    @Test("a file that is called none is a file")
    func fileNone() {
        #expect(SSHConfigFile.file("none").arguments == ["-F", "./none"])
        #expect(SSHConfigFile.none.arguments == ["-F", "none"])
    }

    @Test(
        "what fails in passing is tried three times, at once",
        arguments: [(0, 1, true), (1, 2, true), (2, 3, true), (3, 3, false)])
    func passingFailures(failures: Int, runs: Int, isAnswered: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            let ran = directory.file("ran")
            // More output than ssh ever has cannot be taken.
            let flood = "if [ $(wc -l < \(ran)) -le \(failures) ]; then head -c 2000000 /dev/zero; fi"
            let program = SSHClientProgram.patient(
                try script("echo x >> \(ran); \(flood); echo port 2222", in: directory))
            let answer = await settings(of: program)
            #expect(try bytes(of: ran).count == 2 * runs)
            switch answer {
            case .success(let settings): #expect(isAnswered && settings.port == 2222)
            case .failure(.failed): #expect(!isAnswered)
            case .failure(let error): Issue.record("it was \(error)")
            }
        }
    }

    @Test(
        "what ssh says for good is not asked for again",
        arguments: [("exit 255", SSHClientError.refused("it failed without a word")), ("", nil)])
    func lastingAnswers(body: String, expected: SSHClientError?) async throws {
        try await TemporaryDirectory.with { directory in
            let ran = directory.file("ran")
            let program = SSHClientProgram.patient(
                try script("echo x >> \(ran)\necho port 22\n\(body)", in: directory))
            let answer = await settings(of: program)
            #expect(try bytes(of: ran).count == 2)
            if case .failure(let error) = answer { #expect(error == expected) } else { #expect(expected == nil) }
        }
    }

    @Test(
        "only what may be otherwise at once is passing",
        arguments: [
            (.timedOut, true), (.failed("x"), true), (.notInstalled, false), (.refused("x"), false),
            (.unusable("x"), false),
        ] as [(SSHClientError, Bool)])
    func passing(error: SSHClientError, isPassing: Bool) {
        #expect(error.isPassing == isPassing)
    }

    private func settings(of program: SSHClientProgram) async -> Result<SSHClientSettings, SSHClientError> {
        do throws(SSHClientError) {
            return .success(try await program.settings(host: "a", file: .none))
        } catch {
            return .failure(error)
        }
    }

    @Test("a missing ssh is told as such", arguments: ["fwd-no-such-ssh", "/missing/ssh"])
    func notInstalled(path: String) async throws {
        await #expect(throws: SSHClientError.notInstalled) {
            try await SSHClientProgram.patient(path).settings(host: "a", file: .none)
        }
    }

    @Test("an ssh that waits for ever is ended at the deadline, with what it has started", .timeLimit(.minutes(1)))
    func deadline() async throws {
        try await TemporaryDirectory.with { directory in
            let pid = directory.file("pid")
            let file = try directory.write(
                "Match exec \"echo $$ > \(pid); trap '' TERM; while :; do sleep 1; done\"\n Port 1\n", to: "config")
            let program = SSHClientProgram(path: "ssh", deadline: .seconds(1))
            await #expect(throws: SSHClientError.timedOut) {
                try await program.settings(host: "a", file: .file(file))
            }
            let child = try #require(pid_t(String(decoding: try bytes(of: pid), as: UTF8.self).filter(\.isNumber)))
            do {
                try await eventually("the command of Match exec has ended") { kill(child, 0) != 0 }
            } catch {
                kill(child, SIGKILL)
                throw error
            }
        }
    }

    @Test(
        "what Match exec leaves running in the background is not waited for beyond the deadline",
        .timeLimit(.minutes(1)))
    func background() async throws {
        try await TemporaryDirectory.with { directory in
            let pid = directory.file("pid")
            let file = try directory.write(
                "Match exec \"sleep 100 & echo $! > \(pid)\"\n Port 1022\n", to: "config")
            let program = SSHClientProgram(path: "ssh", deadline: .seconds(1))
            let start = ContinuousClock().now
            let port = try? await program.settings(host: "a", file: .file(file)).port
            #expect(ContinuousClock().now - start < .seconds(20))
            #expect(port == nil || port == 1022)
            let child = try #require(pid_t(String(decoding: try bytes(of: pid), as: UTF8.self).filter(\.isNumber)))
            kill(child, SIGKILL)
        }
    }

    @Test("endless output is cut off", .timeLimit(.minutes(1)))
    func endlessOutput() async throws {
        try await TemporaryDirectory.with { directory in
            let program = SSHClientProgram.patient(try script("exec yes identityfile /x", in: directory))
            let error = await #expect(throws: SSHClientError.self) {
                try await program.settings(host: "a", file: .none)
            }
            guard case .failed = error else { throw TestSupportError("it was \(String(describing: error))") }
        }
    }

    @Test(
        "an ssh that prints nonsense is an error or harmless",
        arguments: [
            ("port 70000", "ssh -G says Port 70000"), ("proxyjump a:b:c", "ProxyJump a:b:c is not [user@]host[:port]"),
            ("proxyjump @x", "ProxyJump @x is not [user@]host[:port]"),
            ("proxyjump a:", "ProxyJump a: is not [user@]host[:port]"),
            ("proxyjump [::1", "ProxyJump [::1 is not [user@]host[:port]"),
            ("proxyjump -oX", "ProxyJump -oX is not [user@]host[:port]"),
        ])
    func nonsense(output: String, message: String) async throws {
        try await TemporaryDirectory.with { directory in
            let program = SSHClientProgram.patient(try script("echo '\(output)'", in: directory))
            await #expect(throws: SSHClientError.unusable(message)) {
                try await program.settings(host: "a", file: .none)
            }
        }
    }

    @Test("odd lines, forwards and numbers never trap")
    func mutations() async throws {
        let text = """
            port 22
            identityfile ~/%h
            proxyjump a@b:22,[::1]:3
            localforward [::1]:22 [db]:80
            remoteforward 9000 [socks]:0
            dynamicforward 8082
            userknownhostsfile /a b /c
            connecttimeout 99999999999999999999
            """
        var random = Random(seed: 5)
        var accepted = 0
        for number in 0..<3_000 {
            if number % 100 == 0 { await Task.yield() }
            let output = String(decoding: random.mutated(Array(text.utf8)), as: UTF8.self)
            let values = SSHClientSettings.values(of: output)
            if (try? SSHClientSettings(values, host: "a", defaultIdentityFiles: [])) != nil { accepted += 1 }
        }
        #expect((1..<3_000).contains(accepted))
    }

    private func script(_ body: String, in directory: TemporaryDirectory) throws -> String {
        try directory.write("#!/bin/sh\n\(body)\n", to: "ssh", mode: 0o700)
    }
}

extension SSHClientProgram {
    /// Machines that run tests are busy; only the tests of the deadline are about it.
    static let patient = patient("ssh")

    static func patient(_ path: String) -> SSHClientProgram {
        SSHClientProgram(path: path, deadline: .seconds(30))
    }
}
