import FwdCore
import FwdTestSupport
import Testing

@Suite(
    "A resolver that does not answer", .serialized,
    .enabled(if: NetworkNamespace.obstacle == nil, "needs root, ip and network namespaces"))
struct SlowNamesTests {
    @Test("holds up the forward that listens on a name, and no other of the same event loop")
    func holdsUpNobodyElse() async throws {
        try await NetworkNamespace.with { space in
            try await space.with(file: "resolv.conf", "nameserver 127.0.0.1\noptions timeout:15 attempts:2\n") {
                var options = SSHDOptions()
                options.address = space.outside
                try await SSHDFixture.with(options) { try await Self.holdsUpNobodyElse(in: space, $0) }
            }
        }
    }

    private static func holdsUpNobodyElse(in space: NetworkNamespace, _ sshd: SSHDFixture) async throws {
        let target = try await TargetServer.start(.greeting("here\n"), host: space.outside)
        let port = FreePorts.next()
        let forwards = [
            try ForwardConfiguration("named", "-L slow.test:\(FreePorts.next()):127.0.0.1:9"),
            try ForwardConfiguration("live", "-L \(port):\(space.outside):\(target.port)"),
        ]
        let gateway = sshd.gatewayConfiguration(name: "gw", forwards: forwards)
        let wrapper = space.wrapper + NetworkNamespace.silentResolver
        try await SupervisorFixture.with([gateway], under: wrapper) { fixture in
            try await fixture.waitUntil("gw/live", is: .up)
            let result = try await space.host.run("bash", ["-c", "cat < /dev/tcp/127.0.0.1/\(port)"])
            #expect(result.output == "here\n", "\(result)")
            // The name is still being asked for.
            let named = try await fixture.snapshot().gateways[0].forwards[0]
            #expect(named.state == .waiting || named.state == .degraded)
            #expect(named.lastError == nil, "\(named)")
        }
        await target.stop()
    }
}
