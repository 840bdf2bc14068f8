import Foundation

/// The installed sshd and what it can do.
struct SSHDProgram: Sendable {
    let path: String
    /// Penalties for failed logins (OpenSSH 9.8 and later) would slow down every test after the first failure.
    let knowsPenalties: Bool

    /// Looks once per process.
    static func installed() async throws -> SSHDProgram {
        try await found.value
    }

    private static let found = Task { () async throws -> SSHDProgram in
        let candidates = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/libexec/sshd"]
        guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw TestSupportError("there is no sshd; contrib/setup installs it (package openssh-server)")
        }
        try makePrivilegeSeparationDirectory()
        // sshd reads options before it looks for host keys, and names those that it does not know.
        let result = try await ProcessRun.run(path, ["-t", "-f", "/dev/null", "-o", "PerSourcePenalties=no"])
        return SSHDProgram(path: path, knowsPenalties: !result.errors.contains("Bad configuration option"))
    }

    /// sshd run by root wants this directory, which otherwise only its service makes.
    private static func makePrivilegeSeparationDirectory() throws {
        guard geteuid() == 0, mkdir("/run/sshd", 0o755) != 0, errno != EEXIST else { return }
        throw TestSupportError("cannot make /run/sshd: \(errorText(errno))")
    }
}

/// Who runs the tests, and so logs in.
enum CurrentUser {
    static var name: String {
        guard let entry = getpwuid(geteuid()) else { preconditionFailure("uid \(geteuid()) has no name") }
        return String(cString: entry.pointee.pw_name)
    }

    /// A locked account may log in with a key only through PAM, and only root's sshd can see the lock.
    static var isLocked: Bool {
        guard geteuid() == 0, let shadow = readWholeFile("/etc/shadow") else { return false }
        return shadow.split(separator: "\n").contains { $0.hasPrefix("\(name):!") }
    }
}
