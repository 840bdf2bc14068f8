import CLibSSH2

/// What libssh2 (or the filter in front of it) reports.
public struct LibSSH2Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// `LIBSSH2_ERROR_*` of libssh2.h, and one of our own.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: Int32

        public init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        /// The peer broke the plaintext phase in a way that must not reach libssh2.
        public static let filtered = Code(rawValue: -10_000)

        /// The connection ended while the answer to a credential was due.
        public static let connectionLost = Code(rawValue: -10_002)
        /// An RSA key could sign with SHA-1 only.
        public static let sha1Only = Code(rawValue: -10_001)

        public static let authenticationFailed = Code(rawValue: LIBSSH2_ERROR_AUTHENTICATION_FAILED)
        public static let publicKeyUnverified = Code(rawValue: LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
        public static let file = Code(rawValue: LIBSSH2_ERROR_FILE)
        public static let keyFileAuthFailed = Code(rawValue: LIBSSH2_ERROR_KEYFILE_AUTH_FAILED)
        public static let requestDenied = Code(rawValue: LIBSSH2_ERROR_REQUEST_DENIED)
        public static let channelFailure = Code(rawValue: LIBSSH2_ERROR_CHANNEL_FAILURE)
        public static let channelRequestDenied = Code(rawValue: LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
        public static let channelClosed = Code(rawValue: LIBSSH2_ERROR_CHANNEL_CLOSED)
        public static let timeout = Code(rawValue: LIBSSH2_ERROR_TIMEOUT)
        public static let methodNotSupported = Code(rawValue: LIBSSH2_ERROR_METHOD_NOT_SUPPORTED)
        /// No signature algorithm of the key is one that the server takes.
        public static let methodNone = Code(rawValue: LIBSSH2_ERROR_METHOD_NONE)
        public static let passwordExpired = Code(rawValue: LIBSSH2_ERROR_PASSWORD_EXPIRED)
    }

    public let code: Code
    public let message: String

    /// Of a refused open: whether the server's rules forbid it (SSH_OPEN_ADMINISTRATIVELY_PROHIBITED).
    public let isProhibited: Bool

    public init(code: Code, message: String, isProhibited: Bool = false) {
        self.code = code
        self.message = message
        self.isProhibited = isProhibited
    }

    public var description: String { "\(message) (libssh2 \(code.rawValue))" }

    /// Whether the session cannot be used any more.
    public var endsSession: Bool {
        switch code {
        case .requestDenied, .channelFailure, .channelRequestDenied, .channelClosed, .timeout: false
        default: true
        }
    }
}

/// The answer of a call that may have to be repeated when more input has come.
public enum Progress<Value> {
    case done(Value)
    case pending
}

extension Progress: Sendable where Value: Sendable {}
