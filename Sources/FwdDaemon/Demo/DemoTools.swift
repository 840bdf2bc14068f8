import Foundation

/// The programs of OpenSSH that the demo needs.
struct DemoTools: Sendable {
    let sshd: String
    let sshKeygen: String

    init() throws(DaemonError) {
        sshd = try Self.find("sshd", package: "openssh-server")
        sshKeygen = try Self.find("ssh-keygen", package: "openssh-client")
    }

    /// sshd must be run by its full path, and is seldom in the PATH of a user.
    private static func find(_ name: String, package: String) throws(DaemonError) -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin", "/usr/bin"]
        for directory in directories where directory.hasPrefix("/") {
            let candidate = "\(directory)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw DaemonError(.demo, "the demo needs \(name), which is not installed; on Debian: apt install \(package)")
    }

    func makeKey(_ path: String, comment: String) async throws {
        let result = try await DemoProcess.run(
            sshKeygen, ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
        guard result.status == 0 else {
            throw DaemonError(.demo, "ssh-keygen failed: \(result.output.joined(separator: " "))")
        }
    }

    /// `ssh-ed25519 SHA256:…`, as a pin is written.
    func pin(_ publicKey: String) async throws -> String {
        let result = try await DemoProcess.run(sshKeygen, ["-l", "-f", publicKey])
        let words = result.output.first?.split(separator: " ") ?? []
        guard result.status == 0, words.count >= 2 else {
            throw DaemonError(.demo, "ssh-keygen failed: \(result.output.joined(separator: " "))")
        }
        return "ssh-ed25519 \(words[1])"
    }
}
