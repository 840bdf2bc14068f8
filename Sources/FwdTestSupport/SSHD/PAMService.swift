import Foundation

/// A file in /etc/pam.d for one sshd, removed at the end of a test.
///
/// A killed test leaves it behind, but it lets nobody in: the program that it asks has gone with the test's directory,
/// and no sshd uses a service of that name.
struct PAMService: Sendable {
    static let directory = "/etc/pam.d"

    /// Begins with "sshd", like the names of all of sshd's processes. PAM looks for the name in lower case.
    let name = "sshd-fwd-\(UUID().uuidString.lowercased())"

    /// Runs `body` with a service for the account, or without one where there is none.
    static func with<Result>(
        _ account: PasswordAccount?, in directory: TemporaryDirectory, isolation: isolated (any Actor)? = #isolation,
        _ body: (PAMService?) async throws -> Result
    ) async throws -> Result {
        guard let account else { return try await body(nil) }
        guard PasswordAccount.isAvailable else { throw TestSupportError(PasswordAccount.whatIsMissing) }
        let service = PAMService()
        try service.write(account, in: directory)
        return try await withCleanUp {
            try await body(service)
        } cleanUp: {
            unlink(service.path)
        }
    }

    private var path: String { "\(Self.directory)/\(name)" }

    private func write(_ account: PasswordAccount, in directory: TemporaryDirectory) throws {
        let password = try directory.write(account.password, to: "password")
        // Some versions end the password with a NUL.
        let script = "#!/bin/sh\n[ \"$(tr -d '\\000')\" = \"$(cat \(password))\" ]\n"
        let check = try directory.write(script, to: "check-password", mode: 0o700)
        // pam_exec says nothing about credentials (pam_setcred(3)), and sshd wants somebody to grant them.
        let lines = [
            "auth required pam_exec.so expose_authtok quiet \(check)", "auth optional pam_permit.so",
            "account required pam_permit.so", "session required pam_permit.so",
        ]
        try writeWholeFile(path, lines.joined(separator: "\n") + "\n", mode: 0o644)
    }

    /// Linux-PAM's modules are in a directory of the distribution's choice.
    static var hasModule: Bool {
        ["/lib", "/usr/lib", "/lib64", "/usr/lib64"].contains { root in
            let folders = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
            return (["."] + folders).contains { access("\(root)/\($0)/security/pam_exec.so", F_OK) == 0 }
        }
    }
}
