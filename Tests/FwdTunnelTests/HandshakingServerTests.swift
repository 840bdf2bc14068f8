import FwdCore
import FwdTestSupport
import FwdTunnel
import Glibc
import Testing

/// Servers that exchange keys as they should, and misbehave behind that.
@Suite(
    "Hostile servers behind the key exchange",
    .enabled("\(HandshakingServer.whatIsMissing)") { await HandshakingServer.isAvailable })
struct HandshakingServerTests {
    @Test("one that is not pinned never sees a login, whatever it does")
    func neverLogsInUnpinned() async throws {
        let (key, stranger) = try await (
            SSHKey.shared(.ed25519, name: "user"), SSHKey.shared(.ed25519, name: "other-host")
        )
        try await forEach(HandshakingScenario.allCases.filter { !$0.isSlow }) { server, scenario in
            var configuration = server.gatewayConfiguration(keys: [key.path])
            configuration.trust.pins = [stranger.pin]
            configuration.login.password = try await passwordFile()
            try await GatewayFixture.with(configuration) { fixture in
                let cause = try await eventually(within: .seconds(60), "\(scenario) ends in a cause") {
                    await fixture.status.lastError?.cause
                }
                #expect([.hostKey, .handshake, .protocol, .timeout].contains(cause.reason), "\(scenario): \(cause)")
                try await eventually("the connection is closed") { !server.ends.isEmpty }
            }
            #expect(server.authenticationRequests.isEmpty, "\(scenario)")
            #expect(
                !server.happenings.contains { if case .serviceRequest = $0 { true } else { false } }, "\(scenario)")
        }
    }

    @Test("one that is pinned ends in a named cause or serves: never a crash, a hang or a spin")
    func alwaysEnds() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        let processor = processorSeconds
        let started = ContinuousClock.now
        try await forEach(HandshakingScenario.allCases.filter { !$0.isFlood }) { server, scenario in
            var configuration = server.gatewayConfiguration(
                keys: [key.path], forwards: [.local("l", port: 0, to: 9), .remote("r", to: 9)])
            configuration.login.password = try await passwordFile()
            try await GatewayFixture.with(configuration) { fixture in
                let status = try await eventually(within: .seconds(60), "\(scenario) has an end, or serves") {
                    let status = await fixture.status
                    return status.lastError != nil || status.state == .up ? status : nil
                }
                if status.lastError == nil { try await use(fixture, scenario) }
                if let cause = await fixture.status.lastError?.cause {
                    #expect(!cause.message.isEmpty && cause.reason != .internal, "\(scenario): \(cause)")
                    #expect(scenario.expectedReasons.contains(cause.reason), "\(scenario): \(cause)")
                }
            }
        }
        // Most of the time it waited; the looks of the waits above are in it.
        let elapsed = (ContinuousClock.now - started).components.seconds
        #expect(processorSeconds - processor < 1.5 * Double(elapsed), "\(elapsed) s")
    }

    /// Opens a channel and sends something, so that the later steps come.
    private func use(_ fixture: GatewayFixture, _ scenario: HandshakingScenario) async throws {
        let port = try await eventually("it listens") { await fixture.status.forwards.first?.boundPort }
        let exchange = Task {
            try? await StreamClient.exchange(port: port, ExchangePlan(seed: 1, up: 20_000, down: 20_000))
        }
        if scenario.mustFail {
            try await eventually(within: .seconds(60), "\(scenario) fails") { await fixture.status.lastError != nil }
        }
        exchange.cancel()
        _ = await exchange.value
    }

    @Test("another host key after a rekey parks the gateway")
    func noticesOtherKeyAfterRekey() async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        let host = try await SSHKey.shared(.ed25519, name: "host")
        try await HandshakingServer.with(.otherKeyAfterRekey(.afterLogin(.milliseconds(200))), hostKey: host) {
            server in
            try await GatewayFixture.with(server.gatewayConfiguration(keys: [key.path])) { fixture in
                let status = try await fixture.waitUntil(.parked)
                #expect(
                    status.cause?.message.hasPrefix("HOST KEY CHANGED") == true, "\(String(describing: status.cause))")
                #expect(status.connects == 1)
            }
        }
    }

    @Test("an RSA key signs with SHA-2, or not at all")
    func neverSignsWithSHA1() async throws {
        let key = try await SSHKey.shared(.rsa3072, name: "user")
        let host = try await SSHKey.shared(.ed25519, name: "host")
        try await SSHAgentFixture.with { agent in
            try await agent.add(key)
            for isInAgent in [false, true] {
                try await HandshakingServer.with(.acceptEverything, hostKey: host) { server in
                    var configuration = server.gatewayConfiguration(keys: [key.path])
                    if isInAgent {
                        configuration.login = LoginConfiguration(
                            user: "root", agent: .path(agent.socketPath), offersOnlyIdentities: false)
                    }
                    // This server does not announce its signature algorithms (RFC 8308).
                    try await GatewayFixture.with(configuration) { fixture in
                        let status = try await fixture.waitUntil(.parked)
                        #expect(
                            status.cause?.message.contains("SHA-1 is not used") == true,
                            "\(String(describing: status.cause))")
                    }
                    #expect(server.authenticationRequests.allSatisfy { !$0.isSigned })
                }
            }
        }
    }

    @Test("floods are cut off, and memory stays bounded", arguments: HandshakingScenario.floods)
    func cutsFloods(scenario: HandshakingScenario) async throws {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        let host = try await SSHKey.shared(.ed25519, name: "host")
        try await HandshakingServer.with(scenario, hostKey: host) { server in
            let before = ProcessCounters.own.residentBytes
            let configuration = server.gatewayConfiguration(keys: [key.path], forwards: [.local("l", port: 0, to: 9)])
            try await GatewayFixture.with(configuration) { fixture in
                let port = try await eventually("it listens") { await fixture.status.forwards.first?.boundPort }
                let plan = ExchangePlan(seed: 1, up: 20_000, down: 1 << 30)
                let exchange = Task { try? await StreamClient.exchange(port: port, plan) }
                let cause = try await eventually(within: .seconds(200), "the flood is cut off") {
                    await fixture.status.lastError?.cause
                }
                #expect(cause.reason == .protocol, "\(cause)")
                try await eventually("the connection is closed") { !server.ends.isEmpty }
                exchange.cancel()
                _ = await exchange.value
            }
            #expect(ProcessCounters.own.residentBytes - before < 256 << 20)
        }
    }

    // MARK: - Running many

    /// Most of them wait for a deadline, so many run at once.
    private func forEach(
        _ scenarios: [HandshakingScenario],
        _ body: @Sendable @escaping (HandshakingServer, HandshakingScenario) async throws -> Void
    ) async throws {
        try #require(scenarios.count > 40)
        let host = try await SSHKey.shared(.ed25519, name: "host")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, scenario) in scenarios.enumerated() {
                if index >= 12 { try await group.next() }
                group.addTask {
                    try await HandshakingServer.with(scenario, hostKey: host) { try await body($0, scenario) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func passwordFile() async throws -> SecretSource {
        let key = try await SSHKey.shared(.ed25519, name: "user")
        // Any text will do; this file is private to the user already.
        return .file(key.path)
    }

    private var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

extension HandshakingScenario {
    /// All but one: the server takes 20 s to send 16 MiB in the smallest packets, and one kind of those is enough.
    static let floods = allCases.filter { $0.isFlood && $0 != .channelFlood(.windowAdjust, at: .channelData) }

    fileprivate var isSlow: Bool {
        if case .slowBytes = self { true } else { false }
    }

    fileprivate var isFlood: Bool {
        switch self {
        case .bannerFlood, .channelFlood: true
        default: false
        }
    }

    /// Whether a login that succeeded must still end badly once channels are used.
    fileprivate var mustFail: Bool {
        switch self {
        case .disconnect, .otherKeyAfterRekey: true
        default: false
        }
    }

    fileprivate var expectedReasons: Set<Cause.Reason> {
        switch self {
        case .refuseEverything, .passwordChange: [.auth]
        case .otherKeyAfterRekey: [.hostKey]
        case .endlessPrompts: [.protocol]
        case .silent, .slowBytes: [.timeout]
        default: [.handshake, .protocol, .lost, .timeout]
        }
    }
}
