import FwdCore

/// What a client of the proxy is told about its request, in the words that its protocol has for it.
enum ProxyAnswer: Error, Hashable {
    case granted
    /// Nothing more is known, or nothing that concerns the client: the gateway is away.
    case failed
    case notAllowed
    case networkUnreachable
    case hostUnreachable
    case connectionRefused
    case timedOut
    /// Not CONNECT.
    case commandNotSupported
    case addressNotSupported
    /// The client offers no method without authentication (SOCKS5).
    case authenticationNotSupported
    case malformed

    /// Why a channel was not opened.
    init(_ cause: Cause) {
        switch cause.reason {
        case .forbidden: self = .notAllowed
        case .timeout: self = .timedOut
        case .target: self = Self.words.first { cause.message.hasSuffix($0.end) }?.answer ?? .hostUnreachable
        default: self = .failed
        }
    }

    /// strerror(3) as sshd passes it on. A stock libssh2 has other words, of which none fits.
    private static let words: [(end: String, answer: ProxyAnswer)] = [
        ("Connection refused", .connectionRefused),
        ("Network is unreachable", .networkUnreachable),
        ("No route to host", .hostUnreachable),
        ("Connection timed out", .timedOut),
    ]
}
