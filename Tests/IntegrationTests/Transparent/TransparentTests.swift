import FwdConfig
import FwdCore
import FwdTestSupport
import Glibc
import Testing

@Suite("Transparent forwards", .serialized, .enabled(if: NetworkNamespace.obstacle == nil, "needs root, ip and nft"))
struct TransparentTests {
    private static let size: UInt64 = 64 << 20

    @Test("a connection to a covered address goes through the tunnel, whole, and ends where it was going")
    func carriesWhole() async throws {
        try await TransparentScene.with { scene in
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            let source = try await TargetServer.start(.source(seed: 3, count: Self.size), host: scene.space.outside)
            let sink = try await TargetServer.start(.sink, host: scene.space.outside)
            let down = try await scene.shell("sha256sum < /dev/tcp/\(scene.space.outside)/\(source.port)")
            #expect(down.output.hasPrefix(SeededBytes(seed: 3, count: Self.size).sha256), "\(down)")
            let up = try await scene.shell(
                """
                head -c \(Self.size) /dev/urandom > \(scene.fixture.directory.file("up"))
                sha256sum < \(scene.fixture.directory.file("up")) | cut -d' ' -f1
                exec 3<>/dev/tcp/\(scene.space.outside)/\(sink.port)
                python3 - <<'END'
                import socket
                s = socket.socket(fileno=3)
                s.sendfile(open("\(scene.fixture.directory.file("up"))", "rb"))
                s.shutdown(socket.SHUT_WR)
                print(s.recv(200).decode())
                END
                """)
            let lines = up.output.split(separator: "\n")
            try #require(lines.count == 2, "\(up)")
            #expect(lines[1] == "\(lines[0]) \(Self.size)")
            let relays = try await scene.relays()
            #expect(relays.bytesFromTarget >= Self.size)
            #expect(relays.bytesToTarget >= Self.size)
            await source.stop()
            await sink.stop()
        }
    }

    @Test("IPv6 too")
    func carriesIPv6() async throws {
        let network = try #require(
            AddressRange(network: [0xFD, 0x66, 0, 1] + Array(repeating: 0, count: 12), prefixLength: 64))
        try await TransparentScene.with(besides: [], networks: [network]) { scene in
            try await scene.space.configure("address add fd66:1::2/64 dev \(scene.space.insideLink) nodad")
            _ = try await ProcessRun.output(
                of: "ip", ["address", "add", "fd66:1::1/64", "dev", scene.space.outsideLink, "nodad"])
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            let target = try await TargetServer.start(.source(seed: 4, count: 1 << 20), host: "fd66:1::1")
            let result = try await scene.shell("sha256sum < /dev/tcp/fd66:1::1/\(target.port)")
            #expect(result.output.hasPrefix(SeededBytes(seed: 4, count: 1 << 20).sha256), "\(result)")
            #expect(try await scene.relays().bytesFromTarget == 1 << 20)
            await target.stop()
        }
    }

    @Test("its own SSH connection is not redirected: it comes back after sshd's restart")
    func neverLoops() async throws {
        try await TransparentScene.with { scene in
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            try await scene.sshd.restart()
            try await eventually("it is back") {
                try await scene.fixture.snapshot().gateways[0].connects == 2
            }
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            #expect(try await scene.relays().ended.isEmpty)
            try await expectGreeting(scene)
        }
    }

    @Test("a connection to what is excluded goes its own way")
    func excludes() async throws {
        try await TransparentScene.with(excludingAll: true) { scene in
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            let target = try await TargetServer.start(.greeting("hello"), host: scene.space.outside)
            let result = try await scene.shell("cat < /dev/tcp/\(scene.space.outside)/\(target.port)")
            #expect(result.output == "hello", "\(result)")
            #expect(try await scene.relays().ended.isEmpty)
            await target.stop()
        }
    }

    @Test("while the gateway is away nothing leaves in clear: connections are held, then reset")
    func holds() async throws {
        try await TransparentScene.with(hold: .seconds(1)) { scene in
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            let target = try await TargetServer.start(.greeting("hello"), host: scene.space.outside)
            await scene.sshd.stop()
            try await scene.fixture.waitUntil(TransparentScene.id, is: .waiting)
            let result = try await scene.shell("cat < /dev/tcp/\(scene.space.outside)/\(target.port)")
            #expect(result.output.isEmpty)
            #expect(!result.exit.isSuccess)
            #expect(target.totalConnections == 0)
            #expect(try await scene.relays().ended[RelayResult.holdExpired.rawValue] == 1)
            await target.stop()
        }
    }

    @Test("who connects to the listener's own port is turned away")
    func refusesDirectConnections() async throws {
        try await TransparentScene.with { scene in
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            let rules = try await scene.rules()
            let port = try #require(rules.firstMatch(of: /redirect to :([0-9]+)/)?.1)
            let result = try await scene.shell("echo x > /dev/tcp/\(scene.space.inside)/\(port)")
            #expect(result.errors.contains("Connection refused"), "\(result)")
            #expect(try await scene.relays().active == 0)
        }
    }

    enum Ending: String, CaseIterable, Sendable {
        case removed, disabled, terminated, killed
    }

    @Test(
        "its table goes when the forward or the process does, however it dies; others' rules stay",
        arguments: Ending.allCases)
    func leavesNothing(ending: Ending) async throws {
        try await TransparentScene.with { scene in
            let others = try await scene.shell(
                "nft -f - <<< 'table inet other { chain c { type filter hook input priority 0; counter accept; }; }'")
            #expect(others.exit.isSuccess, "\(others.errors)")
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            let rules = try await scene.rules()
            #expect(rules.contains("table inet fwd_"))
            #expect(rules.contains("comment \"gw/net\""))
            #expect(rules.contains("flags owner"))
            switch ending {
            case .removed: #expect(try await scene.fixture.fwd("remove", "gw/net").exit.isSuccess)
            case .disabled: #expect(try await scene.fixture.fwd("disable", "gw/net").exit.isSuccess)
            case .terminated: scene.fixture.process.send(SIGTERM)
            case .killed: scene.fixture.process.send(SIGKILL)
            }
            try await eventually("the table is gone") {
                try await !scene.rules().contains("fwd_")
            }
            #expect(try await scene.rules().contains("table inet other"))
        }
    }

    @Test("a reload with another network changes the table, and cuts nothing")
    func reloads() async throws {
        try await TransparentScene.with { scene in
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            var changed = scene.gateway
            let wider = try #require(AddressRange(network: [192, 0, 2, 0], prefixLength: 24))
            guard case .redirect(var rule) = changed.forwards[0].spec.listen else { return }
            rule.networks.append(wider)
            changed.forwards[0].spec = ForwardSpec(kind: .transparent, listen: .redirect(rule), target: .original)
            try scene.fixture.directory.write(ForwardsFile.text(of: changed), to: "forwards.d/gw.yaml")
            #expect(try await scene.fixture.fwd("reload").exit.isSuccess)
            try await eventually("the rule is there") { try await scene.rules().contains("ip daddr \(wider)") }
            try await scene.fixture.waitUntil(TransparentScene.id, is: .up)
            try await expectGreeting(scene)
        }
    }

    @Test("without CAP_NET_ADMIN it says so, and every other forward works")
    func needsCapability() async throws {
        let port = FreePorts.next()
        let other = try ForwardConfiguration("other", "-L \(port):127.0.0.1:9")
        let wrapper = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
        try await TransparentScene.with(besides: [other], under: wrapper) { scene in
            let status = try await scene.fixture.waitUntil(TransparentScene.id, is: .parked)
            #expect(status.cause?.message.contains("CAP_NET_ADMIN") == true, "\(String(describing: status.cause))")
            #expect(status.cause?.message.contains("fwd-network.conf") == true)
            try await scene.fixture.waitUntil("gw/other", is: .up)
            #expect(try await scene.rules().isEmpty)
        }
    }

    private func expectGreeting(_ scene: TransparentScene) async throws {
        let target = try await TargetServer.start(.greeting("hello"), host: scene.space.outside)
        let before = try await scene.relays().bytesFromTarget
        let result = try await scene.shell("cat < /dev/tcp/\(scene.space.outside)/\(target.port)")
        #expect(result.output == "hello", "\(result)")
        #expect(try await scene.relays().bytesFromTarget == before + 5)
        await target.stop()
    }
}
