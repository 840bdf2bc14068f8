import Foundation
import FwdOpenSSH
import FwdTestSupport
import Testing

/// A real ssh-agent on a blocking Unix socket.
@Suite struct AgentTests {
    @Test("an agent lists its keys and certificates, and signs with each as it is told")
    func agent() async throws {
        try await TemporaryDirectory.with { directory in
            let socket = directory.file("agent")
            try await ProcessRun.running("ssh-agent", ["-D", "-a", socket]) { _ in
                let agent = try await eventually("the agent listens") { try? AgentConnection(socket) }
                #expect(try agent.ask(AgentMessage.requestIdentities) == .identities([]))
                for type in SSHKey.KeyType.allCases {
                    let key = try await SSHKey.shared(type, name: "agent")
                    let environment = ["SSH_AUTH_SOCK": socket, "PATH": "/usr/bin:/bin"]
                    let added = try await ProcessRun.run("ssh-add", ["-q", key.path], environment: environment)
                    #expect(added.exit.isSuccess, "\(added.errors)")
                }
                try await checkKeys(agent)
            }
        }
    }

    private func checkKeys(_ agent: AgentConnection) async throws {
        guard case .identities(let keys) = try agent.ask(AgentMessage.requestIdentities) else {
            throw TestSupportError("the agent does not list its keys")
        }
        #expect(keys.count == SSHKey.KeyType.allCases.count)
        for (type, key) in zip(SSHKey.KeyType.allCases, keys) {
            #expect(key.pin == (try await SSHKey.shared(type, name: "agent").pin))
            #expect(key.comment == "test")
            try checkSignatures(agent, key)
        }
        let stranger = try PublicKey(line: placeholder())
        #expect(try agent.ask(AgentMessage.signRequest(key: stranger.blob, data: [1], flags: 0)) == .failure)
    }

    private func checkSignatures(_ agent: AgentConnection, _ key: PublicKey) throws {
        let flags: [(UInt32, String)] =
            key.type == "ssh-rsa"
            ? [(AgentMessage.rsaSHA256Flag, "rsa-sha2-256"), (AgentMessage.rsaSHA512Flag, "rsa-sha2-512")]
            : [(UInt32(0), key.type)]
        for (flag, algorithm) in flags {
            let reply = try agent.ask(AgentMessage.signRequest(key: key.blob, data: Array("data".utf8), flags: flag))
            guard case .signature(let name, let blob) = reply else { throw TestSupportError("\(reply)") }
            #expect(name == algorithm)
            #expect(Self.lengths[key.type]?.contains(blob.count) == true, "\(key.type): \(blob.count)")
        }
    }

    /// RFC 8709: 64 bytes; RFC 8332: those of the modulus; RFC 5656: two numbers with their lengths, of about as many
    /// bytes as the curve's.
    private static let lengths = [
        "ssh-ed25519": 64...64, "ssh-rsa": 384...384, "ecdsa-sha2-nistp256": 64...74,
        "ecdsa-sha2-nistp384": 96...106, "ecdsa-sha2-nistp521": 130...142,
    ]

    @Test("messages are cut out of any pieces of a stream")
    func pieces() throws {
        let stream = AgentMessage.requestIdentities + AgentMessage.signRequest(key: [1], data: [2, 3], flags: 4)
        for size in 1...stream.count {
            var frames = AgentFrames()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                frames.append(stream[start..<min(start + size, stream.count)])
                while let frame = try frames.next() { found.append(frame) }
            }
            #expect(found == [[11], [13, 0, 0, 0, 1, 1, 0, 0, 0, 2, 2, 3, 0, 0, 0, 4]])
        }
    }

    @Test(
        "a length of nothing or of too much is refused at once",
        arguments: [[0, 0, 0, 0], [0, 4, 0, 1], [255, 255, 255, 255]])
    func lengths(header: [UInt8]) throws {
        var frames = AgentFrames()
        frames.append(header)
        #expect(throws: FormatProblem.self) { try frames.next() }
    }

    @Test("the longest message passes")
    func longest() throws {
        var frames = AgentFrames()
        frames.append([0, 4, 0, 0] + [UInt8](repeating: 5, count: 262_143))
        #expect(try frames.next() == nil)
        frames.append([5])
        #expect(try frames.next()?.count == 262_144)
    }

    @Test("many short messages are cut out without copying the rest each time")
    func manyMessages() throws {
        var frames = AgentFrames()
        for _ in 0..<200_000 { frames.append([0, 0, 0, 1, 5]) }
        var count = 0
        let time = try ContinuousClock().measure {
            while try frames.next() != nil { count += 1 }
        }
        #expect(count == 200_000)
        #expect(time < .seconds(20))
    }

    @Test("keys that cannot be read are left out, and only the first thousand count")
    func oddLists() throws {
        let key = try PublicKey(line: placeholder())
        let good = [0, 0, 0, UInt8(key.blob.count)] + key.blob + [0, 0, 0, 0]
        let bad: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0]
        #expect(try AgentReply([12, 0, 0, 0, 3] + bad + good + bad) == .identities([key]))
        let many = (0..<1_001).flatMap { _ in good }
        guard case .identities(let keys) = try AgentReply([12, 0, 0, 3, 233] + many) else {
            throw TestSupportError("no list")
        }
        #expect(keys.count == 1_000)
    }

    @Test("replies of every kind are told apart")
    func kinds() throws {
        #expect(try AgentReply([5]) == .failure)
        #expect(try AgentReply([28]) == .failure)
        #expect(try AgentReply([6]) == .other(6))
        #expect(
            try AgentReply([14, 0, 0, 0, 11, 0, 0, 0, 1, 0x61, 0, 0, 0, 2, 7, 8])
                == .signature(algorithm: "a", blob: [7, 8]))
        for frame: [UInt8] in [[], [12], [12, 0, 0, 0, 1], [14], [14, 0, 0, 0, 4, 0, 0, 0, 0]] {
            #expect(throws: FormatProblem.self) { try AgentReply(frame) }
        }
    }

    @Test("a hundred thousand random and mutated messages never trap", .timeLimit(.minutes(2)))
    func fuzz() async throws {
        let key = try PublicKey(line: placeholder())
        let list = [12, 0, 0, 0, 2] + [UInt8]((0..<2).flatMap { _ in [0, 0, 0, 51] + key.blob + [0, 0, 0, 1, 0x63] })
        let signature: [UInt8] = [14, 0, 0, 0, 15, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 4, 5, 6, 7, 8]
        var random = Random(seed: 11)
        var accepted = 0
        for number in 0..<100_000 {
            if number % 500 == 0 { await Task.yield() }
            let frame = number % 3 == 0 ? random.noise() : random.mutated(number % 3 == 1 ? list : signature)
            if (try? AgentReply(frame)) != nil { accepted += 1 }
            var frames = AgentFrames()
            frames.append(frame)
            while let cut = try? frames.next() { _ = try? AgentReply(cut) }
        }
        #expect((1_000..<100_000).contains(accepted))
    }
}

extension Random {
    fileprivate mutating func noise() -> [UInt8] {
        (0..<Int.random(in: 0...40, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
