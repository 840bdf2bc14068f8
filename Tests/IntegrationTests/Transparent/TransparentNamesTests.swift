import FwdCore
import FwdTestSupport
import Testing

/// A real dnsmasq at the far side, asked by a real dig here.
@Suite("Names of a transparent forward's site", .serialized, .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
struct TransparentNamesTests {
    @Test("those of a listed domain are resolved at the far side, others are refused")
    func resolves() async throws {
        try await Self.withNames { scene in
            #expect(try await Self.dig(scene, "db.b.example").output == "10.66.0.7\n")
            #expect(try await Self.dig(scene, "DB.B.example", "+tcp").output == "10.66.0.7\n")
            #expect(try await Self.dig(scene, "db.b.example", "AAAA").output == "fd66::7\n")
            let other = try await Self.dig(scene, "www.example.org", full: true)
            #expect(other.output.contains("status: REFUSED"), "\(other)")
        }
    }

    @Test("an answer too long for a datagram is fetched over TCP")
    func fetchesLongAnswers() async throws {
        try await Self.withNames { scene in
            let result = try await Self.dig(scene, "long.b.example", "TXT", "+noedns")
            #expect(result.output.count > 1000, "\(result)")
        }
    }

    @Test("without the gateway a question is answered with a failure, at once")
    func failsAtOnce() async throws {
        try await Self.withNames { scene in
            await scene.sshd.stop()
            try await scene.fixture.waitUntil(TransparentScene.id, is: .waiting)
            let result = try await Self.dig(scene, "db.b.example", full: true)
            #expect(result.output.contains("status: SERVFAIL"), "\(result)")
        }
    }

    @Test("who is not allowed gets no answer, over UDP and TCP", arguments: ["+notcp", "+tcp"])
    func refusesStrangers(transport: String) async throws {
        let allow = try #require(AddressRange(network: [10, 9, 9, 9], prefixLength: 32))
        try await Self.withNames(ForwardLimits(allow: [allow])) { scene in
            let result = try await Self.dig(scene, "db.b.example", transport, "+tries=1", "+time=2", full: true)
            #expect(result.output.contains("no servers could be reached"), "\(result)")
            #expect((try await scene.relays().ended[RelayResult.notAllowed.rawValue] ?? 0) > 0)
        }
    }

    @Test("where its place is taken that is said, and connections go through the tunnel all the same")
    func carriesWithoutNames() async throws {
        let rule = DNSRule(
            domains: ["b.example"], server: .init(host: "127.0.0.1", port: 9),
            listen: .init(host: "127.0.0.1", port: 5300))
        try await TransparentScene.with(dns: rule, under: NetworkNamespace.holdingUDP(port: 5300)) { scene in
            let status = try await scene.fixture.waitUntil(TransparentScene.id, is: .degraded)
            #expect(status.cause?.message.contains("cannot take questions on 127.0.0.1:5300") == true, "\(status)")
            let target = try await TargetServer.start(.greeting("here\n"), host: scene.space.outside)
            let result = try await scene.shell("cat < /dev/tcp/\(scene.space.outside)/\(target.port)")
            #expect(result.output == "here\n", "\(result)")
            #expect(try await scene.relays().bytesFromTarget == 5)
            await target.stop()
        }
    }

    private static func withNames(
        _ limits: ForwardLimits = .none, _ body: @Sendable (TransparentScene) async throws -> Void
    ) async throws {
        let port = FreePorts.next()
        let texts = (0..<5).map { "\"\(String(repeating: "\($0)", count: 250))\"" }.joined(separator: ",")
        let arguments = [
            "--keep-in-foreground", "--log-facility=-", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
            "--pid-file=", "--user=root",
            "--bind-interfaces", "--listen-address=127.0.0.1", "--port=\(port)",
            "--host-record=db.b.example,10.66.0.7,fd66::7", "--txt-record=long.b.example,\(texts)",
        ]
        try await ProcessRun.running("dnsmasq", arguments) { dnsmasq in
            try await eventually("dnsmasq listens") {
                if let exit = dnsmasq.exit { throw TestSupportError("dnsmasq: \(exit), \(dnsmasq.standardError)") }
                return dnsmasq.standardError.contains("started")
            }
            let rule = DNSRule(
                domains: ["b.example"], server: .init(host: "127.0.0.1", port: port),
                listen: .init(host: "127.0.0.1", port: 5300))
            try await TransparentScene.with(dns: rule, limits: limits) { scene in
                try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
                try await body(scene)
            }
        }
    }

    private static func dig(
        _ scene: TransparentScene, _ arguments: String..., full: Bool = false
    ) async throws -> ProcessResult {
        let words = [full ? "" : "+short", "+tries=3", "+time=5"] + arguments
        return try await scene.shell("dig @127.0.0.1 -p 5300 \(words.joined(separator: " "))")
    }
}

private let obstacle: String? = {
    for command in ["dnsmasq", "dig", "python3"] where (try? ChildProcess.find(command)) == nil {
        return "needs \(command)"
    }
    return NetworkNamespace.obstacle
}()
