import Foundation

/// A password with which the current user can log in at one `SSHDFixture`, and nowhere else.
///
/// The machine's accounts stay as they are: sshd asks a PAM service of the fixture's own, which knows this password
/// only, for the methods password and keyboard-interactive. Both are allowed unless a line of
/// `SSHDOptions.configuration` forbids one.
public struct PasswordAccount: Sendable {
    public var user: String { CurrentUser.name }
    public let password: String

    public init(password: String = UUID().uuidString) {
        self.password = password
    }

    /// Only root can add a PAM service, and it has to be a Linux-PAM with pam_exec.
    public static var isAvailable: Bool {
        geteuid() == 0 && access(PAMService.directory, W_OK) == 0 && PAMService.hasModule
    }

    /// The reason to print when a test is skipped because `isAvailable` is false.
    public static let whatIsMissing = "passwords at a real sshd need root, \(PAMService.directory) and pam_exec.so"
}
