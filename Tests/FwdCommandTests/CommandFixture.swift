import Foundation
import FwdControl
import FwdCore
import FwdTestSupport
import Testing

/// The built `fwd` with a directory, a control socket and a real sshd of its own.
struct CommandFixture: Sendable {
    let directory: TemporaryDirectory
    let server: SSHDFixture

    var forwards: String { directory.file("forwards.d") }
    var control: String { directory.file("control.sock") }
    var common: [String] { ["--dir", forwards, "--control", control] }

    static func with(
        _ options: SSHDOptions = .standard, _ body: (CommandFixture) async throws -> Void
    ) async throws {
        try await SSHDFixture.with(options) { server in
            try await TemporaryDirectory.with { directory in
                let fixture = CommandFixture(directory: directory, server: server)
                try FileManager.default.createDirectory(atPath: fixture.forwards, withIntermediateDirectories: false)
                try fixture.write("site", fixture.gateway())
                try await body(fixture)
            }
        }
    }

    /// A supervisor with a connection through a forward that works and is idle.
    static func withOpenConnection(_ body: (ChildProcess, StreamClient) async throws -> Void) async throws {
        try await with { fixture in
            try await TargetServer.with(.echo) { target in
                let port = FreePorts.next()
                try fixture.write("site", fixture.gateway(forwards: "  web: -L \(port):127.0.0.1:\(target.port)\n"))
                try await fixture.running { process in
                    try await eventually("it is up") { try await fixture.forward("site/web")?.state == .up }
                    try await StreamClient.with(port: port) { client in
                        try await client.send("hello")
                        #expect(await client.receive(count: 5) == "hello")
                        try await body(process, client)
                    }
                }
            }
        }
    }

    /// Runs `fwd run` while `body` runs, from the moment that its socket answers.
    func running(_ options: [String] = [], _ body: (ChildProcess) async throws -> Void) async throws {
        try await FwdProcess.running(["run", "--health", "off"] + common + options) { process in
            try await eventually("the supervisor is ready") {
                if process.exit != nil { throw TestSupportError("fwd run ended: \(process.standardError)") }
                return process.standardError.contains("the control socket is ready")
            }
            try await body(process)
        }
    }

    func fwd(_ arguments: [String], under wrapper: [String] = []) async throws -> ProcessResult {
        try await FwdProcess.run(arguments + common, under: wrapper)
    }

    /// The forward that the supervisor has under this name, if it has.
    func forward(_ name: String) async throws -> ForwardStatus? {
        let snapshot = try await ControlClient.with(path: control) { try await $0.status() }
        return ForwardID(name).flatMap(snapshot.forward)
    }

    func write(_ gateway: String, _ text: String) throws {
        try directory.write(text, to: "forwards.d/\(gateway).yaml")
    }

    func read(_ gateway: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(forwards)/\(gateway).yaml")), as: UTF8.self)
    }

    /// The file of a gateway that leads to the fixture's sshd, whatever this machine's ssh_config says.
    /// - Parameters:
    ///   - hostKey: the value of `host-key`; empty for none.
    ///   - more: lines of the section, indented.
    func gateway(forwards: String = "", hostKey: String? = nil, more: String = "  known-hosts: none\n") -> String {
        """
        # where the tests go
        gateway:
          host: 127.0.0.1
          port: \(server.port)
          user: \(server.user)
          identity: \(server.identityPath)
          \(hostKey == "" ? "# no pin" : "host-key: \(hostKey ?? server.hostKeyPins[0].description)")
          agent: none
          ssh-config: none
        \(more)\(forwards.isEmpty ? "" : "forwards:\n" + forwards)
        """
    }
}
