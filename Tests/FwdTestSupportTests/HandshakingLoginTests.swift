import FwdTestSupport
import Testing

/// Scenarios of authentication. ssh asks the script "askpass" for whatever it needs.
@Suite(.serialized, .enabled(HandshakingServer.comment) { await HandshakingServer.isAvailable })
struct HandshakingLoginTests {
    private func results(_ server: HandshakingServer) -> [HandshakingEvent.AuthenticationResult] {
        server.happenings.compactMap { if case .authenticationResult(let result) = $0 { result } else { nil } }
    }

    private func answers(_ server: HandshakingServer) -> [[String]] {
        server.happenings.compactMap { if case .answers(let answers) = $0 { answers } else { nil } }
    }

    @Test func `A password has expired, and so has the new one`() async throws {
        try await SSHClient.with(.passwordChange) { client in
            let result = try await client.run(["-o", "NumberOfPasswordPrompts=1", "true"], asks: true)
            #expect(result.errors.contains("The password has expired."), "\(result.errors)")
            let requests = client.server.authenticationRequests
            #expect(requests.map(\.method) == ["none", "password", "password"])
            #expect(requests.map(\.isPasswordChange) == [false, false, true])
            #expect(requests.map(\.password) == [nil, "answer", "answer"])
            #expect(results(client.server) == [.failure, .failure])
        }
    }

    @Test(arguments: [
        [], [HandshakingScenario.Prompt("Password: ")],
        [HandshakingScenario.Prompt("Name: ", isEchoed: true), HandshakingScenario.Prompt("Code: ")],
    ])
    func `keyboard-interactive asks what the scenario says`(prompts: [HandshakingScenario.Prompt]) async throws {
        try await SSHClient.with(.keyboardInteractive(prompts: prompts)) { client in
            let result = try await client.run(["true"], asks: true)
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(client.server.authenticationRequests.map(\.method) == ["none", "keyboard-interactive"])
            #expect(answers(client.server) == [prompts.map { _ in "answer" }])
            #expect(results(client.server) == [.failure, .success])
        }
    }

    @Test func `Endless prompts ask again after each answer`() async throws {
        try await SSHClient.with(.endlessPrompts) { client in
            try await client.running(["true"], asks: true) { _ in
                try await eventually("ten answers are given") { answers(client.server).count >= 10 }
            }
            #expect(answers(client.server).allSatisfy { $0 == ["answer"] })
            #expect(results(client.server) == [.failure])
        }
    }

    @Test func `A key is a part of the login, and a password the other`() async throws {
        try await SSHClient.with(.partialSuccess) { client in
            let result = try await client.run(["true"], asks: true)
            #expect(result.exit == .exited(0), "\(result.errors)")
            let requests = client.server.authenticationRequests
            #expect(requests.map(\.method) == ["none", "publickey", "publickey", "password"])
            #expect(requests.map(\.isSigned) == [false, false, true, false])
            #expect(results(client.server) == [.failure, .partialSuccess, .success])
        }
    }

    @Test func `A server that accepts everything accepts passwords and answers`() async throws {
        for method in ["password", "keyboard-interactive"] {
            try await SSHClient.with(.acceptEverything) { client in
                let result = try await client.run(["-o", "PreferredAuthentications=\(method)", "true"], asks: true)
                #expect(result.exit == .exited(0), "\(result.errors)")
                #expect(client.server.authenticationRequests.last?.method == method)
                #expect(results(client.server).last == .success)
            }
        }
    }
}
