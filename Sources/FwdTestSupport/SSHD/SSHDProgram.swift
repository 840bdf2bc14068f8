import Foundation

/// The installed sshd and what it can do.
struct SSHDProgram: Sendable {
    let path: String
    /// Penalties for failed logins (OpenSSH 9.8 and later) would slow down every test after the first failure.
    let knowsPenalties: Bool
    /// Older ones take the name under which they were started for the name of their PAM service.
    let knowsPAMServiceName: Bool

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
        return SSHDProgram(
            path: path, knowsPenalties: try await knows("PerSourcePenalties=no", path),
            knowsPAMServiceName: try await knows("PAMServiceName=sshd", path))
    }

    private static func knows(_ option: String, _ path: String) async throws -> Bool {
        // sshd reads options before it looks for host keys, and names those that it does not know.
        let result = try await ProcessRun.run(path, ["-t", "-f", "/dev/null", "-o", option])
        return !result.errors.contains("Bad configuration option")
    }

    /// The same program, made to ask this PAM service.
    func asking(_ service: PAMService?, in directory: TemporaryDirectory) throws -> SSHDProgram {
        guard let service, !knowsPAMServiceName else { return self }
        let link = directory.file(service.name)
        guard symlink(path, link) == 0 || errno == EEXIST else {
            throw TestSupportError("cannot link \(path) to \(link): \(errorText(errno))")
        }
        return SSHDProgram(path: link, knowsPenalties: knowsPenalties, knowsPAMServiceName: false)
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
