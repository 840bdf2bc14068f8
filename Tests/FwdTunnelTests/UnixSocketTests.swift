import FwdCore
import FwdTestSupport
import Glibc
import Testing

@testable import FwdTunnel

@Suite("Unix sockets", .serialized)
struct UnixSocketTests {
    enum Ends: String, CaseIterable, Sendable {
        case listener, target, both
    }

    @Test("at either end of -L they carry 64 MiB each way whole", arguments: Ends.allCases)
    func carriesLocal(ends: Ends) async throws {
        try await TemporaryDirectory.with { place in
            let target = try await Self.target(at: ends == .listener ? nil : "\(place.path)/target.sock")
            let port = FreePorts.next()
            let listen: ForwardSpec.Listen =
                ends == .target
                ? .port(.init(address: .loopback, port: port)) : .socket("\(place.path)/listen.sock")
            let spec = ForwardSpec(kind: .local, listen: listen, target: .destination(Self.destination(target)))
            try await Self.with(spec) { fixture, _ in
                let client =
                    try await ends == .target
                    ? StreamClient.connect(port: port) : StreamClient.connect(path: "\(place.path)/listen.sock")
                try await Self.expectWhole(client, target)
                let status = try await fixture.forward("f")
                #expect(status.relays.bytesToTarget > 64 << 20)
                #expect(status.spec == spec.description)
            }
            await target.stop()
        }
    }

    @Test("a local one is the target of -R")
    func carriesRemote() async throws {
        try await TemporaryDirectory.with { place in
            let target = try await Self.target(at: "\(place.path)/target.sock")
            let spec = ForwardSpec(
                kind: .remote, listen: .port(.init(address: .loopback, port: 0)),
                target: .destination(.socket("\(place.path)/target.sock")))
            try await Self.with(spec) { fixture, _ in
                let port = try #require(try await fixture.forward("f").boundPort)
                try await Self.expectWhole(try await StreamClient.connect(port: port), target)
            }
            await target.stop()
        }
    }

    @Test(
        "its file is for the user alone unless the file says more, and goes with the forward", arguments: [nil, 0o660])
    func hasPermissions(mode: UInt16?) async throws {
        try await withListener(mode: mode) { path, _, _ in
            #expect(Self.mode(path) == S_IFSOCK | mode_t(mode ?? 0o600))
        }
    }

    @Test("a file that nobody listens on any more is replaced")
    func replacesStale() async throws {
        let leave: (String) throws -> Void = { path in
            let socket = try UnixSocketFile.bind(path: path, mode: nil).socket
            close(socket)
            #expect(Self.mode(path) != nil)
        }
        try await withListener(before: leave) { path, fixture, target in
            let client = try await StreamClient.connect(path: path)
            try await client.send("hello")
            #expect(await client.receive(count: 5) == "hello")
            await client.close()
        }
    }

    @Test("a file that another program listens on is left to it, until that ends")
    func leavesOthersAlone() async throws {
        try await TemporaryDirectory.with { place in
            let path = "\(place.path)/listen.sock"
            let other = try await TargetServer.start(.echo, path: path)
            let target = try await Self.target(at: nil)
            let configuration = Self.forward(path, to: target)
            try await Self.with(configuration, isUp: false) { fixture, _ in
                let status = try await fixture.waitUntil("f", is: .degraded)
                #expect(status.cause?.message == "cannot listen on \(path): another program does")
                await other.stop()
                try await fixture.waitUntil("f", is: .up)
            }
            await target.stop()
        }
    }

    @Test("a file that is no socket is never removed, and parks the forward")
    func keepsFiles() async throws {
        try await TemporaryDirectory.with { place in
            let path = "\(place.path)/listen.sock"
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            let target = try await Self.target(at: nil)
            try await Self.with(Self.forward(path, to: target), isUp: false) { fixture, _ in
                let status = try await fixture.waitUntil("f", is: .parked)
                #expect(status.cause?.message == "cannot listen on \(path): it is there already, and no socket")
            }
            #expect(Self.mode(path).map { $0 & S_IFMT } == S_IFREG)
            await target.stop()
        }
    }

    @Test("where the server forbids them, or nothing is there, that is said")
    func namesRefusals() async throws {
        try await TemporaryDirectory.with { place in
            let spec = ForwardSpec(
                kind: .local, listen: .port(.init(address: .loopback, port: FreePorts.next())),
                target: .destination(.socket("\(place.path)/none.sock")))
            for lines in [[], ["AllowStreamLocalForwarding no"]] {
                try await Self.with(spec, sshd: SSHDOptions(configuration: lines)) { fixture, _ in
                    // The reset may be there before `connect` has returned.
                    _ = try? await StreamClient.with(port: spec.listenPort) { await $0.receiveDigest() }
                    let cause = try await eventually("the refusal is shown") {
                        try await fixture.forward("f").lastError?.cause
                    }
                    #expect(cause.reason == .target, "\(cause)")
                    #expect(cause.message.contains("\(place.path)/none.sock"))
                    // sshd answers the same to both.
                    #expect(cause.message.contains("AllowStreamLocalForwarding"))
                }
            }
        }
    }

    @Test("the probe asks for one too")
    func isProbed() async throws {
        try await TemporaryDirectory.with { place in
            let path = "\(place.path)/target.sock"
            let target = try await Self.target(at: path)
            let spec = ForwardSpec(
                kind: .local, listen: .socket("\(place.path)/listen.sock"), target: .destination(.socket(path)))
            let forward = ForwardConfiguration(
                name: "f", spec: spec, probe: Probe(every: .seconds(1), timeout: .seconds(1)))
            try await Self.with(forward) { fixture, _ in
                try await eventually("the probe succeeds") { try await fixture.forward("f").probe?.isSuccess == true }
                await target.stop()
                try await fixture.waitUntil("f", is: .degraded)
            }
        }
    }

    // MARK: - Parts

    private static func target(at path: String?) async throws -> TargetServer {
        if let path { return try await TargetServer.start(.exchange, path: path) }
        return try await TargetServer.start(.exchange)
    }

    private static func destination(_ target: TargetServer) -> ForwardSpec.Destination {
        target.port == 0 ? .socket(target.host) : .host(.init(host: target.host, port: target.port))
    }

    private static func forward(_ path: String, mode: UInt16? = nil, to target: TargetServer) -> ForwardConfiguration {
        let spec = ForwardSpec(kind: .local, listen: .socket(path), target: .destination(destination(target)))
        return ForwardConfiguration(name: "f", spec: spec, socketMode: mode)
    }

    private static func with(
        _ spec: ForwardSpec, sshd options: SSHDOptions = .standard,
        _ body: (GatewayFixture, SSHDFixture) async throws -> Void
    ) async throws {
        try await with(ForwardConfiguration(name: "f", spec: spec), sshd: options, body)
    }

    private static func with(
        _ forward: ForwardConfiguration, sshd options: SSHDOptions = .standard, isUp: Bool = true,
        _ body: (GatewayFixture, SSHDFixture) async throws -> Void
    ) async throws {
        try await SSHDFixture.with(options) { sshd in
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forward])) { fixture in
                if isUp { try await fixture.waitUntil("f", is: .up) }
                try await body(fixture, sshd)
            }
        }
    }

    private func withListener(
        mode: UInt16? = nil, before: (String) throws -> Void = { _ in },
        _ body: (String, GatewayFixture, TargetServer) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { place in
            let path = "\(place.path)/listen.sock"
            try before(path)
            let target = try await TargetServer.start(.echo)
            try await Self.with(Self.forward(path, mode: mode, to: target)) { fixture, _ in
                try await body(path, fixture, target)
            }
            #expect(Self.mode(path) == nil, "the file goes with the forward")
            await target.stop()
        }
    }

    private static func expectWhole(_ client: StreamClient, _ target: TargetServer) async throws {
        let plan = ExchangePlan(seed: 7, up: 64 << 20, down: 64 << 20)
        let received = try await client.exchange(plan)
        #expect(received.isExactly(plan.down), "\(received)")
        let sent = try await target.exchanged(seed: plan.seed)
        #expect(sent.isExactly(plan.up), "\(sent)")
        await client.close()
    }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }
}
