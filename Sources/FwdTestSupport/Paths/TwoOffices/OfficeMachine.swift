/// A host of the offices that is set up like a machine: with an /etc, homes, programs and processes of its own, an
/// sshd that runs as on a fresh Debian, and `fwd` as its package leaves it. Nothing of it stays.
///
/// What a namespace cannot have is replaced: `systemctl` is a small program that knows the services ssh and fwd.
public struct OfficeMachine: Sendable {
    /// Its namespaces are those of this process.
    private let process: ChildProcess

    /// Why there can be none here; `nil` where there can.
    public static var obstacle: String? {
        TwoOffices.obstacle
            ?? NetworkHost.obstacle(using: ["unshare", "nsenter", "useradd", "curl", "ping", "ssh-keygen"])
    }

    public static func with<Result>(
        on host: NetworkHost, isolation: isolated (any Actor)? = #isolation,
        _ body: (OfficeMachine) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            let arguments = [
                "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", OfficeMachineProgram.boot,
                "boot", directory.path, try FwdProcess.path(),
            ]
            try directory.write(OfficeMachineProgram.systemctl, to: "systemctl", mode: 0o755)
            return try await host.running("unshare", arguments) { process in
                try await eventually(within: .seconds(30), "the machine \(host.name) has booted") {
                    guard process.exit == nil else { throw TestSupportError("boot: \(process.standardError)") }
                    return process.standardOutput.contains("booted")
                }
                return try await body(OfficeMachine(process: process))
            }
        }
    }

    /// Runs lines of a shell to their end, or up to the first that fails.
    public func run(_ lines: String, within deadline: Duration = .seconds(30)) async throws -> ProcessResult {
        let inside = [
            "--target", "\(process.pid)", "--mount", "--net", "--pid=/proc/\(process.pid)/ns/pid_for_children",
        ]
        let shell = ["bash", "-euo", "pipefail", "-c", lines]
        let environment = [
            "HOME": "/root", "USER": "root", "NO_COLOR": "1",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        return try await ProcessRun.run("nsenter", inside + shell, environment: environment, within: deadline)
    }
}
