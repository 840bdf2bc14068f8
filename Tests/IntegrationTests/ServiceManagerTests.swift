import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

@Suite("Sockets of the service manager", .serialized)
struct ServiceManagerTests {
    @Test("a socket that systemd listens on is a forward's, and one that is no forward's is closed")
    func isActivated() async throws {
        guard (try? ChildProcess.find("systemd-socket-activate")) != nil else {
            print("skipped: needs systemd-socket-activate")
            return
        }
        try await withGateway { gateway, port in
            let stranger = FreePorts.next()
            try await TemporaryDirectory.with { directory in
                try FileManager.default.createDirectory(
                    atPath: directory.file("forwards.d"), withIntermediateDirectories: true)
                try directory.write(ForwardsFile.text(of: gateway), to: "forwards.d/gw.yaml")
                var sockets = [("127.0.0.1:\(port)", "gw/web"), ("127.0.0.1:\(stranger)", "gw/stranger")]
                if FreePorts.hasIPv6 { sockets.append(("[::1]:\(port)", "gw/web")) }
                let wrapper =
                    ["systemd-socket-activate", "--fdname=\(sockets.map(\.1).joined(separator: ":"))"]
                    + sockets.map { "--listen=\($0.0)" }
                let arguments = [
                    "run", "--dir", directory.file("forwards.d"), "--control", directory.file("control/control.sock"),
                    "--health", "off", "--log-level", "debug",
                ]
                try await FwdProcess.running(arguments, under: wrapper) { process in
                    // It is started by the first connection, which must be served.
                    let client = try await eventually("somebody listens") {
                        try? await StreamClient.connect(port: port)
                    }
                    let greeting = await client.receive(count: 2)
                    #expect(greeting == "hi")
                    await client.close()
                    try await eventually("the other port refuses") { FreePorts.isFree(stranger) }
                    #expect(process.standardError.contains("closed an inherited socket: no local forward has its name"))
                    #expect(!process.standardError.contains("cannot listen"))
                }
            }
        }
    }

    @Test("no connection is refused between a process and the next one", arguments: [SIGTERM, SIGKILL])
    func outlivesTheProcess(signal: CInt) async throws {
        try await withGateway { gateway, port in
            let receiver = try NotifyReceiver(path: "@fwd-test-\(UUID().uuidString)")
            let manager = ["NOTIFY_SOCKET": receiver.path]
            let count = FreePorts.hasIPv6 ? 2 : 1
            try await SupervisorFixture.with([gateway], environment: manager) { fixture in
                try await fixture.waitUntil("gw/web", is: .up)
                try await eventually("the manager has the sockets") { receiver.stored.count == count }
                #expect(receiver.stored.allSatisfy { $0.name == "gw/web" })
                fixture.process.send(signal)
                _ = try await fixture.process.waitForExit()
            }
            let between = try await StreamClient.connect(port: port)
            let environment = manager.merging(
                ["LISTEN_FDS": "\(count)", "LISTEN_FDNAMES": receiver.stored.map(\.name).joined(separator: ":")]
            ) { _, last in last }
            // The shell becomes the supervisor, so its pid is the supervisor's.
            let wrapper = ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"]
            try await SupervisorFixture.with(
                [gateway], under: wrapper, environment: environment, passing: receiver.stored.map(\.descriptor)
            ) { fixture in
                let greeting = await between.receive(count: 2)
                #expect(greeting == "hi")
                await between.close()
                #expect(try await fixture.waitUntil("gw/web", is: .up).boundPort == port)
                // They are in the store already.
                #expect(receiver.messages(with: "FDSTORE").count == count, "\(receiver.messages)")
                try checkInheritance(of: fixture.process.pid, count: count)
                let removed = try await fixture.fwd("remove", "gw/web")
                #expect(removed.exit == .exited(0), "\(removed)")
                try await eventually("the manager has forgotten them") { receiver.stored.isEmpty }
                // It can be in TIME_WAIT, so it need not be free.
                try await eventually("the port refuses") {
                    guard let client = try? await StreamClient.connect(port: port) else { return true }
                    await client.close()
                    return false
                }
            }
        }
    }

    @Test("a gateway that is taken out is forgotten, one that is stopped with the process is not")
    func forgetsGateways() async throws {
        try await withGateway { gateway, port in
            let receiver = try NotifyReceiver(path: "@fwd-test-\(UUID().uuidString)")
            let environment = ["NOTIFY_SOCKET": receiver.path]
            try await SupervisorFixture.with([gateway], environment: environment) { fixture in
                try await fixture.waitUntil("gw/web", is: .up)
                try await eventually("the manager has the sockets") { !receiver.stored.isEmpty }
                try FileManager.default.removeItem(atPath: fixture.forwards + "/gw.yaml")
                #expect(try await fixture.fwd("reload").exit == .exited(0))
                try await eventually("the manager has forgotten them") { receiver.stored.isEmpty }
                try await eventually("the port is free") { FreePorts.isFree(port) }
            }
            #expect(receiver.messages(with: "FDNAME").last == "FDSTOREREMOVE=1\nFDNAME=gw/web")
        }
    }

    /// The descriptors that it was started with are closed when it starts something itself.
    private func checkInheritance(of pid: pid_t, count: Int) throws {
        for descriptor in 3..<3 + count {
            let text = try String(contentsOfFile: "/proc/\(pid)/fdinfo/\(descriptor)", encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags:") })
            let flags = try #require(Int(line.split(whereSeparator: \.isWhitespace)[1], radix: 8))
            // O_CLOEXEC.
            #expect(flags & 0o2_000_000 != 0)
        }
    }

    private func withGateway(_ body: (GatewayConfiguration, UInt16) async throws -> Void) async throws {
        try await SSHDFixture.with { sshd in
            try await TargetServer.with(.greeting("hi")) { target in
                let port = FreePorts.next()
                let forward = try ForwardConfiguration("web", "-L \(port):127.0.0.1:\(target.port)")
                try await body(sshd.gatewayConfiguration(name: "gw", forwards: [forward]), port)
            }
        }
    }
}
