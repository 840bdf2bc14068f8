import Foundation
import FwdCore
import FwdTestSupport
import Testing

@Suite(
    "A resolver that does not answer", .serialized,
    .enabled(if: NetworkNamespace.obstacle == nil, "needs root, ip and network namespaces"))
struct SlowNamesTests {
    /// Holds the port of DNS, says nothing, and becomes the program that follows.
    private static let silence = """
        import os, socket, sys
        place = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        place.bind(("127.0.0.1", 53))
        place.set_inheritable(True)
        os.execvp(sys.argv[1], sys.argv[1:])
        """

    @Test("holds up the forward that listens on a name, and no other of the same event loop")
    func holdsUpNobodyElse() async throws {
        try await NetworkNamespace.with { space in
            let directory = "/etc/netns/\(space.name)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try "nameserver 127.0.0.1\noptions timeout:15 attempts:2\n"
                .write(toFile: "\(directory)/resolv.conf", atomically: true, encoding: .utf8)
            var options = SSHDOptions()
            options.address = space.outside
            try await SSHDFixture.with(options) { sshd in
                let target = try await TargetServer.start(.greeting("here\n"), host: space.outside)
                let port = FreePorts.next()
                let gateway = sshd.gatewayConfiguration(
                    name: "gw",
                    forwards: [
                        try ForwardConfiguration("named", "-L slow.test:\(FreePorts.next()):127.0.0.1:9"),
                        try ForwardConfiguration("live", "-L \(port):\(space.outside):\(target.port)"),
                    ])
                let wrapper = space.wrapper + ["python3", "-c", Self.silence]
                try await SupervisorFixture.with([gateway], under: wrapper) { fixture in
                    try await fixture.waitUntil("gw/live", is: .up)
                    let command = space.wrapper + ["bash", "-c", "cat < /dev/tcp/127.0.0.1/\(port)"]
                    let result = try await ProcessRun.run(command[0], Array(command.dropFirst()))
                    #expect(result.output == "here\n", "\(result)")
                    // The name is still being asked for.
                    let named = try await fixture.snapshot().gateways[0].forwards[0]
                    #expect(named.state == .waiting || named.state == .degraded)
                    #expect(named.lastError == nil, "\(named)")
                }
                await target.stop()
            }
        }
    }
}
