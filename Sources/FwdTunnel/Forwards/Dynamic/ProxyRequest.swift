import FwdCore
import Glibc
import NIOCore

/// Where a client of the proxy wants to be connected to.
struct ProxyRequest: Hashable {
    let host: RequestedHost
    let port: UInt16

    /// RFC 1035 section 2.3.4, and what a SOCKS5 request has room for.
    private static let longestName = 255

    /// - Parameter host: a name, or an address as text: what looks like an address is one, whatever the protocol calls it.
    init(host: String, port: UInt16) throws(ProxyAnswer) {
        guard port > 0, !host.isEmpty, host.utf8.count <= Self.longestName, host.utf8.allSatisfy(Self.isPlain) else {
            throw .malformed
        }
        self.port = port
        self.host = RequestedHost(host)
    }

    /// - Parameter authority: `host:port`, an IPv6 address in brackets (RFC 9112 section 3.2.3).
    init(authority: String) throws(ProxyAnswer) {
        guard let colon = authority.lastIndex(of: ":"), let port = UInt16(authority[authority.index(after: colon)...])
        else { throw .malformed }
        let host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            try self.init(host: String(host.dropFirst().dropLast()), port: port)
        } else if host.contains(":") {
            throw .malformed
        } else {
            try self.init(host: String(host), port: port)
        }
    }

    var endpoint: ForwardSpec.Endpoint { ForwardSpec.Endpoint(host: host.text, port: port) }

    /// It goes into logs and to the far side's resolver: visible ASCII, without what delimits.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"[]\"/@,;\\".utf8.contains(byte)
    }
}

extension RequestedHost {
    init(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self = .address(Array(bytes.prefix(4)), text)
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self = .address(bytes, text)
        } else {
            self = .name(text)
        }
    }
}

/// Reads the request of one client. Loop-bound; its intake owns it.
protocol ProxyRequestReader: AnyObject {
    /// Takes from `bytes`, all that has come and was not taken yet, what belongs to the request and no byte behind it.
    /// - Returns: `nil`: there is more to come.
    func read(_ bytes: inout ByteBuffer) throws(ProxyAnswer) -> ProxyRequest?
    /// The request is known, or will not be: leaves the connection's pipeline.
    func leave()
}
