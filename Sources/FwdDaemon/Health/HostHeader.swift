import FwdControl
import NIOCore

/// The name that a request was sent to (RFC 9110 section 7.2).
///
/// A page from elsewhere can let its own name lead to 127.0.0.1 (DNS rebinding), and would then be allowed to read what
/// stands here. An address or localhost is no such name.
struct HostHeader {
    static let refusal = ControlError(
        .permission,
        "on loopback only requests to an address or localhost are answered; a proxy must set the Host header so")

    private let host: Substring?

    /// - Parameter authority: `HOST[:PORT]`; `nil` where the request has none.
    init(_ authority: String?) {
        guard let authority else {
            host = nil
            return
        }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
        } else {
            host = authority.prefix { $0 != ":" }
        }
    }

    var isOwn: Bool {
        guard let host else { return true }
        return host.lowercased() == "localhost" || (try? SocketAddress(ipAddress: String(host), port: 0)) != nil
    }
}
