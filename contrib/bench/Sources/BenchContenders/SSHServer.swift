import BenchSystem
import Foundation

/// A private sshd with generated keys, in a directory and on a port of its own.
public final class SSHServer: @unchecked Sendable {
    public let endpoint: Endpoint
    public let user: String
    public let directory: WorkDirectory
    public let place: Place
    /// "SHA256:..." of its Ed25519 host key.
    public let pin: String
    private var process: ChildProcess?

    /// Starts it and waits until it listens.
    public init(in place: Place = .here, host: String = "127.0.0.1", directory: WorkDirectory) throws {
        self.place = place
        self.directory = directory
        endpoint = Endpoint(host: host, port: Ports.next())
        guard let entry = getpwuid(geteuid()) else { throw BenchError("uid \(geteuid()) has no name") }
        user = String(cString: entry.pointee.pw_name)
        pin = try Self.makeKey(directory.file("host"))
        _ = try Self.makeKey(directory.file("user"))
        try makeDropbearKey()
        try writeFiles()
        try start()
    }

    public var identity: String { directory.file("user") }
    public var dropbearIdentity: String { directory.file("user.dropbear") }
    public var knownHosts: String { directory.file("known_hosts") }

    public func start() throws {
        // An sshd of root wants this folder, which otherwise only its service makes.
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        let sshd = try ChildProcess.find("sshd")
        let command = [sshd, "-D", "-f", directory.file("sshd_config"), "-E", directory.file("sshd.log")]
        let log = directory.file("sshd.out")
        let process = try place.run { try ChildProcess.start(command, log: log) }
        self.process = process
        try waitUntil("sshd listens", within: .seconds(10), every: .milliseconds(1)) {
            try process.checkIsRunning()
            return Ports.listened(by: process.pid).contains(endpoint.port)
        }
    }

    /// Ends the listener and all sessions at once, as if the machine had lost its processes.
    public func kill() {
        guard let process else { return }
        for pid in ProcessTree(of: process.pid).pids { Glibc.kill(pid, SIGKILL) }
        process.stop()
        self.process = nil
    }

    public func stop() {
        kill()
    }

    private static func makeKey(_ path: String) throws -> String {
        _ = try ChildProcess.output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
        let line = try ChildProcess.output(["ssh-keygen", "-lf", "\(path).pub"])
        return String(line.split(separator: " ")[1])
    }

    /// dbclient reads its own format only. Without dropbear's tools there is no such key.
    private func makeDropbearKey() throws {
        guard (try? ChildProcess.find("dropbearkey")) != nil else { return }
        let output = try ChildProcess.output(["dropbearkey", "-t", "ed25519", "-f", dropbearIdentity])
        let line = output.split(separator: "\n").first { $0.hasPrefix("ssh-ed25519 ") }
        try directory.write(line.map { "\($0)\n" } ?? "", to: "dropbear.pub")
    }

    private func writeFiles() throws {
        let publicKeys = ["user.pub", "dropbear.pub"].compactMap { readTextFile(directory.file($0)) }
        try directory.write(publicKeys.joined(), to: "authorized_keys")
        let hostKey = readTextFile(directory.file("host.pub")) ?? ""
        try directory.write("[\(endpoint.host)]:\(endpoint.port) \(hostKey)", to: "known_hosts")
        let lines = [
            "Port \(endpoint.port)", "ListenAddress \(endpoint.host)", "HostKey \(directory.file("host"))",
            "AuthorizedKeysFile \(directory.file("authorized_keys"))", "PidFile none", "StrictModes no",
            "UsePAM \(accountIsLocked ? "yes" : "no")", "PermitRootLogin yes", "PasswordAuthentication no",
            "UseDNS no", "MaxStartups 1000", "PrintMotd no", "PrintLastLog no",
        ]
        try directory.write(lines.joined(separator: "\n") + "\n", to: "sshd_config")
    }

    /// A locked account may log in with a key only through PAM, and only root's sshd can see the lock.
    private var accountIsLocked: Bool {
        guard geteuid() == 0, let shadow = readTextFile("/etc/shadow") else { return false }
        return shadow.split(separator: "\n").contains { $0.hasPrefix("\(user):!") }
    }
}
