import FwdCore
import FwdTestSupport
import Testing

@Suite(.serialized, .enabled(HandshakingServer.comment) { await HandshakingServer.isAvailable })
struct HandshakingServerTests {
    /// What makes ssh come as far as this step.
    private func arguments(reaching step: HandshakingScenario.Step) -> [String] {
        switch step {
        case .globalRequest: ["-N", "-R", "0:127.0.0.1:9"]
        case .channelData: ["-W", "127.0.0.1:9"]
        default: ["true"]
        }
    }

    @Test(arguments: SSHKey.KeyType.allCases)
    func `A server that accepts everything has any host key, and echoes`(type: SSHKey.KeyType) async throws {
        try await SSHClient.with(.acceptEverything, hostKey: type) { client in
            let text = String(repeating: "0123456789", count: 30_000)
            let result = try await client.run(["-W", "127.0.0.1:9"], input: text)
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(result.output == text)
            let request = try #require(client.server.authenticationRequests.last)
            #expect(request.method == "publickey" && request.user == "root" && request.isSigned)
            #expect(request.algorithm == "ssh-ed25519" && request.signatureAlgorithm == "ssh-ed25519")
            #expect(request.fingerprint == client.key.pin.fingerprint)
            #expect(client.server.happenings.contains(.channelOpen("direct-tcpip", target: "127.0.0.1:9")))
            #expect(client.server.firstHostKey == client.server.hostKey.pin.fingerprint)
            try await eventually("the end is told") { client.server.ends == [.closedByClient] }
        }
    }

    @Test func `A server that accepts everything grants to listen`() async throws {
        try await SSHClient.with(.acceptEverything) { client in
            try await client.running(["-N", "-R", "0:127.0.0.1:9"]) { ssh in
                try await eventually("ssh tells the port") { ssh.standardError.contains("Allocated port 40000") }
                #expect(client.server.happenings.contains(.globalRequest("tcpip-forward")))
            }
        }
    }

    @Test func `A server that refuses everything sees no signature`() async throws {
        try await SSHClient.with(.refuseEverything) { client in
            let result = try await client.run(["true"])
            #expect(result.errors.contains("Permission denied (publickey,password,keyboard-interactive)"))
            #expect(client.server.authenticationRequests.map(\.method) == ["none", "publickey"])
            #expect(client.server.authenticationRequests.allSatisfy { !$0.isSigned })
            try await eventually("the end is told") { client.server.ends == [.closedByClient] }
        }
    }

    @Test(arguments: HandshakingScenario.Step.allCases, HandshakingScenario.Ending.allCases)
    func `A server disconnects at each step in each way`(
        step: HandshakingScenario.Step, ending: HandshakingScenario.Ending
    ) async throws {
        try await SSHClient.with(.disconnect(at: step, by: ending)) { client in
            let result = try await client.run(["-v"] + arguments(reaching: step), input: "text")
            #expect(result.exit == .exited(255))
            let words: [HandshakingScenario.Ending: [String]] = [
                .message: [":11: That is all."], .close: ["closed"], .reset: ["Connection reset", "Broken pipe"],
            ]
            let expected = try #require(words[ending])
            #expect(expected.contains { result.errors.contains($0) }, "\(result.errors)")
            try await eventually("the end is told") { client.server.ends == [.endedByServer] }
            #expect(step.follows(try #require(client.server.lastGoodHappening)))
            // A reset may overtake what was sent before.
            if ending != .reset { #expect(HandshakingScenario.Step.lastMark(in: result.errors) == step.mark) }
        }
    }

    @Test(arguments: HandshakingScenario.Step.allCases)
    func `A server falls silent at each step and stays connected`(step: HandshakingScenario.Step) async throws {
        try await SSHClient.with(.silent(at: step)) { client in
            try await client.running(["-v"] + arguments(reaching: step), input: "text") { ssh in
                try await eventually("the server falls silent") { client.server.hasMisbehaved }
                await #expect(throws: DeadlineExceeded.self) { try await ssh.waitForExit(within: .milliseconds(300)) }
                #expect(client.server.ends == [])
                #expect(HandshakingScenario.Step.lastMark(in: ssh.standardError) == step.mark)
            }
            #expect(step.follows(try #require(client.server.lastGoodHappening)))
            try await eventually("the end is told") { client.server.ends.count == 1 }
        }
    }

    @Test(arguments: HandshakingScenario.BrokenPacket.allCases)
    func `A broken packet behind the key exchange is what ssh says it is`(packet: HandshakingScenario.BrokenPacket)
        async throws
    {
        let words: [HandshakingScenario.BrokenPacket: String] = [
            .wrongMAC: "Corrupted MAC on input", .truncated: "Connection closed", .garbage: "Bad packet length",
            .oversizedLength: "Bad packet length 4294967295", .zeroLength: "Bad packet length 0",
            .oversizedPadding: "incomplete message", .truncatedMessage: "string is too large",
            .emptyMessage: "incomplete message",
        ]
        try await SSHClient.with(.brokenPacket(packet)) { client in
            let result = try await client.run(["true"])
            #expect(result.exit == .exited(255))
            #expect(result.errors.contains(try #require(words[packet])), "\(result.errors)")
            #expect(client.server.lastGoodHappening == .serviceRequest("ssh-userauth"))
            #expect(client.server.authenticationRequests.isEmpty)
        }
    }

    @Test func `A broken packet can also come later`() async throws {
        try await SSHClient.with(.brokenPacket(.truncatedMessage, at: .channelOpen)) { client in
            let result = try await client.run(["true"])
            #expect(result.exit == .exited(255), "\(result.errors)")
            #expect(client.server.lastGoodHappening == .channelOpen("session", target: nil))
        }
    }
}

extension HandshakingServer {
    static var comment: Comment { Comment(rawValue: whatIsMissing) }

    var firstHostKey: String? {
        happenings.lazy.compactMap {
            if case .keysExchanged(_, _, let fingerprint) = $0 { fingerprint } else { nil }
        }.first
    }

    /// What happened right before the server began to misbehave.
    var lastGoodHappening: HandshakingEvent.Happening? {
        happenings.firstIndex(of: .misbehaved).flatMap { $0 > 0 ? happenings[$0 - 1] : nil }
    }
}

extension HandshakingScenario.Step {
    /// Whether this is the last thing that the server sees before it misbehaves at the step.
    func follows(_ happening: HandshakingEvent.Happening) -> Bool {
        switch (self, happening) {
        case (.identification, .identified), (.keyExchangeInit, .identified), (.newKeys, .keysExchanged),
            (.serviceRequest, .serviceRequest), (.serviceAccept, .serviceRequest),
            (.authenticationRequest, .authenticationRequest), (.authenticationSuccess, .authenticationResult(.success)),
            (.channelOpen, .channelOpen("session", nil)), (.channelRequest, .channelRequest("exec")),
            (.globalRequest, .globalRequest("tcpip-forward")), (.channelData, .channelOpen("direct-tcpip", _)):
            true
        default: false
        }
    }

    /// The last of these that `ssh -v` says when the server ends at the step.
    var mark: String {
        switch self {
        case .identification: Self.marks[0]
        case .keyExchangeInit: Self.marks[1]
        case .newKeys, .serviceRequest: Self.marks[2]
        case .serviceAccept, .authenticationRequest: Self.marks[3]
        case .authenticationSuccess, .channelOpen, .channelRequest, .globalRequest, .channelData: Self.marks[4]
        }
    }

    static let marks = [
        "Remote protocol version", "SSH2_MSG_KEXINIT received", "SSH2_MSG_NEWKEYS received",
        "SSH2_MSG_SERVICE_ACCEPT received", "Authenticated to",
    ]

    static func lastMark(in text: String) -> String? {
        marks.last { text.contains($0) }
    }
}
