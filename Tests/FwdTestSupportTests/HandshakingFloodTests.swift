import FwdCore
import FwdTestSupport
import Testing

/// Scenarios that go on for as long as the client lets them, and those that begin after the login.
@Suite(.serialized, .enabled(HandshakingServer.comment) { await HandshakingServer.isAvailable })
struct HandshakingFloodTests {
    @Test(arguments: [HandshakingScenario.RekeyMoment.channelOpen, .bytes(10_000), .afterLogin(.milliseconds(200))])
    func `ssh leaves when the key of a second exchange is another`(moment: HandshakingScenario.RekeyMoment) async throws
    {
        try await SSHClient.with(.otherKeyAfterRekey(moment)) { client in
            let echoing = ["-W", "127.0.0.1:9"]
            let arguments = moment == .afterLogin(.milliseconds(200)) ? ["-N"] : echoing
            try await client.running(arguments, input: String(repeating: "x", count: 100_000)) { ssh in
                _ = try await ssh.waitForExit()
                #expect(ssh.exit == .exited(255))
                #expect(ssh.standardError.contains("Host key verification failed"))
            }
            #expect(client.server.happenings.contains(.authenticationResult(.success)))
            #expect(client.server.hasMisbehaved)
            #expect(client.server.hostKeys == [client.server.hostKey.pin.fingerprint])
        }
    }

    @Test(arguments: [SSHKey.KeyType.ed25519, .rsa3072])
    func `The second exchange is a good one for who does not look at the key`(type: SSHKey.KeyType) async throws {
        try await SSHClient.with(.otherKeyAfterRekey(.channelOpen), hostKey: type) { client in
            let careless = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
            try await client.running(["-N", "-W", "127.0.0.1:9"], options: careless) { _ in
                try await eventually("the keys are exchanged again") { client.server.hostKeys.count == 2 }
            }
            let other = try #require(client.server.otherHostKey)
            #expect(client.server.hostKeys == [client.server.hostKey, other].map(\.pin.fingerprint))
            #expect(other.pin.type == client.server.hostKey.pin.type && other.pin != client.server.hostKey.pin)
        }
    }

    @Test func `Slow bytes come one by one`() async throws {
        try await SSHClient.with(.slowBytes()) { client in
            let clock = ContinuousClock()
            let start = clock.now
            try await StreamClient.with(port: client.server.port) { stream in
                #expect(await stream.receive(count: 3) == "SSH")
                #expect(clock.now - start > .milliseconds(1_500))
            }
            try await eventually("the end is noticed") { client.server.ends == [.closedByClient] }
        }
    }

    @Test func `A client with patience logs in at a slow server`() async throws {
        try await SSHClient.with(.slowBytes(every: .milliseconds(1))) { client in
            let clock = ContinuousClock()
            let start = clock.now
            let result = try await client.run(["true"])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(clock.now - start > .seconds(1))
        }
    }

    @Test func `Banners flow until the client leaves`() async throws {
        try await SSHClient.with(.bannerFlood) { client in
            try await client.running(["-q", "true"]) { ssh in
                try await eventually("5 MB of banners are sent") { client.server.floodedBytes > 5_000_000 }
                #expect(ssh.exit == nil)
            }
            try await eventually("the end is noticed") { client.server.ends.count == 1 }
            #expect(!client.server.happenings.contains(.authenticationResult(.success)))
        }
    }

    @Test(arguments: [HandshakingScenario.ChannelFlood.emptyData, .windowAdjust])
    func `Empty messages flow until the client leaves`(flood: HandshakingScenario.ChannelFlood) async throws {
        try await SSHClient.with(.channelFlood(flood)) { client in
            try await client.running(["-W", "127.0.0.1:9"]) { ssh in
                try await eventually("3 MB are sent") { client.server.floodedBytes > 3_000_000 }
                #expect(ssh.exit == nil)
            }
            try await eventually("the end is noticed") { client.server.ends.count == 1 }
        }
    }

    @Test(arguments: [
        (HandshakingScenario.ChannelFlood.unknownChannel, "4711: bad id"), (.unknownMessage, "Protocol error"),
    ])
    func `ssh leaves when it is sent what it does not know`(
        flood: HandshakingScenario.ChannelFlood, words: String
    ) async throws {
        try await SSHClient.with(.channelFlood(flood)) { client in
            let result = try await client.run(["-N"])
            #expect(result.exit == .exited(255))
            #expect(result.errors.contains(words), "\(result.errors)")
            #expect(client.server.lastGoodHappening == .authenticationResult(.success))
        }
    }

    @Test func `Nothing runs when the test is over, not even one that failed`() async throws {
        var pid: Int32?
        await #expect(throws: CancellationError.self) {
            try await SSHClient.with(.acceptEverything) { client in
                pid = client.server.pid
                #expect(ProcessCounters(pid: client.server.pid).threads > 0)
                throw CancellationError()
            }
        }
        #expect(ProcessCounters(pid: try #require(pid)).threads == 0)
    }

    @Test func `A host key that cannot be read is an error that names it`() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "host")
        try await TemporaryDirectory.with { directory in
            let locked = try await SSHKey.generate(key.type, at: directory.file("locked"), passphrase: "secret")
            let error = await #expect(throws: TestSupportError.self) {
                try await HandshakingServer.with(.acceptEverything, hostKey: locked) { _ in }
            }
            #expect(error?.message.contains(locked.path) == true)
        }
    }
}

extension HandshakingServer {
    /// Fingerprints of the host keys, of one exchange after the other.
    var hostKeys: [String] {
        happenings.compactMap { if case .keysExchanged(_, _, let fingerprint) = $0 { fingerprint } else { nil } }
    }

    var floodedBytes: Int {
        happenings.compactMap { if case .flooded(let bytes) = $0 { bytes } else { nil } }.max() ?? 0
    }
}
