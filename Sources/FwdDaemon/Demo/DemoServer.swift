import Foundation
import FwdConfig

/// A private sshd on a free loopback port, run by and for the user who runs the demo.
struct DemoServer: Sendable {
    let port: UInt16
    let user: String
    /// The path of the private key that may log in.
    let identity: String
    /// Its host key, as a pin.
    let hostKey: String
    private let process: DemoProcess

    /// Another process may take the port between our look and sshd's bind.
    private static let attempts = 3

    /// Returns when it accepts connections.
    static func start(in directory: DemoDirectory) async throws -> DemoServer {
        let tools = try DemoTools()
        try await tools.makeKey(directory.path("host_key"), comment: "host key of fwd demo")
        try await tools.makeKey(directory.path("client_key"), comment: "client key of fwd demo")
        try directory.write(try directory.read("client_key.pub"), to: "authorized_keys")
        let pin = try await tools.pin(directory.path("host_key.pub"))
        var last: any Error = DaemonError(.demo, "sshd did not start")
        for _ in 0..<attempts {
            do {
                return try await start(in: directory, tools, pin: pin, port: try await LoopbackPorts.free(1)[0])
            } catch let error as AddressInUse {
                last = error
            }
        }
        throw last
    }

    func stop() async {
        await process.stop()
    }

    /// The demo's own error, with what sshd said last: that often is the cause.
    func explain(_ error: any Error) -> any Error {
        guard let error = error as? DaemonError, error.code == .demo, !process.recentLines.isEmpty else { return error }
        return DaemonError(
            .demo, "\(error.message)\nsshd said last:\n    \(process.recentLines.joined(separator: "\n    "))")
    }

    private static func start(
        in directory: DemoDirectory, _ tools: DemoTools, pin: String, port: UInt16
    ) async throws -> DemoServer {
        try directory.write(configuration(directory, port: port), to: "sshd_config")
        let arguments = ["-f", directory.path("sshd_config")]
        try await check(tools.sshd, arguments)
        // -D: stay in the foreground; -e: log to standard error, which we read.
        let process = try DemoProcess(tools.sshd, ["-D", "-e"] + arguments)
        do {
            try await waitUntilListening(process)
        } catch {
            await process.stop()
            throw error
        }
        return DemoServer(
            port: port, user: ConfigEnvironment.current.userName, identity: directory.path("client_key"),
            hostKey: pin, process: process)
    }

    private static func configuration(_ directory: DemoDirectory, port: UInt16) -> String {
        """
        ListenAddress 127.0.0.1:\(port)
        HostKey \(directory.path("host_key"))
        AuthorizedKeysFile \(directory.path("authorized_keys"))
        PidFile \(directory.path("sshd.pid"))
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        AllowTcpForwarding yes
        PrintMotd no
        UseDNS no

        """
    }

    /// `sshd -t`: a bad installation shows here, with its own words. As root it may want a directory that a service
    /// manager makes elsewhere.
    private static func check(_ sshd: String, _ arguments: [String]) async throws {
        var result = try await DemoProcess.run(sshd, ["-t"] + arguments)
        if result.status != 0, let missing = missingDirectory(result.output) {
            try FileManager.default.createDirectory(
                atPath: missing, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            result = try await DemoProcess.run(sshd, ["-t"] + arguments)
        }
        guard result.status == 0 else {
            throw DaemonError(.demo, "sshd refuses its configuration: \(result.output.joined(separator: "; "))")
        }
    }

    private static func missingDirectory(_ output: [String]) -> String? {
        let start = "Missing privilege separation directory: "
        guard geteuid() == 0, let line = output.first(where: { $0.hasPrefix(start) }) else { return nil }
        return String(line.dropFirst(start.count))
    }

    private struct AddressInUse: Error, CustomStringConvertible {
        let description = "every port that was free was taken before sshd could bind it"
    }

    private static func waitUntilListening(_ process: DemoProcess) async throws {
        var log: [String] = []
        for await line in process.lines {
            if line.hasPrefix("Server listening on ") { return }
            log.append(line)
        }
        try Task.checkCancellation()
        if log.contains(where: { $0.contains("Address already in use") }) { throw AddressInUse() }
        throw DaemonError(.demo, "sshd did not start: \(log.joined(separator: "; "))")
    }
}
