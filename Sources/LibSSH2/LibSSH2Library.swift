import CLibSSH2

/// The library as a whole.
public enum LibSSH2Library {
    /// `libssh2_init` must run once before the first session (libssh2.h); a `static let` does exactly that.
    private static let initialised: Int32 = libssh2_init(0)

    static func initialise() throws(LibSSH2Error) {
        if initialised != 0 { throw LibSSH2Error(code: .init(rawValue: initialised), message: "libssh2_init failed") }
    }

    /// The version of the library in use, "1.11.1".
    public static var version: String { LIBSSH2_VERSION }
}
