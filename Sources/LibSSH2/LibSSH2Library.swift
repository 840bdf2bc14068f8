import CLibSSH2

/// The library as a whole.
public enum LibSSH2Library {
    /// `libssh2_init` must run once before the first session (libssh2.h); a `static let` does exactly that.
    private static let initialised: Int32 = libssh2_init(0)

    static func initialise() throws(LibSSH2Error) {
        if initialised != 0 { throw LibSSH2Error(code: .init(rawValue: initialised), message: "libssh2_init failed") }
    }

    /// The version of the library in use: "1.11.1", or "1.11.1+fwd" with our patches.
    public static var version: String { LIBSSH2_VERSION + (isPatched ? "+fwd" : "") }

    /// Whether it is built with the patches of contrib/libssh2: fast ciphers, and no known crash behind the key exchange.
    public static var isPatched: Bool { FWD_HAS_PATCHES != 0 }

    /// Whether a session can have several opens under way (`Session.open`).
    public static var opensInParallel: Bool { FWD_OPENS_IN_PARALLEL != 0 }

    /// Whether a channel's receive window is only ever opened by us (`SSHChannel.grant`).
    static var hasManualWindow: Bool { FWD_HAS_MANUAL_WINDOW != 0 }
}
