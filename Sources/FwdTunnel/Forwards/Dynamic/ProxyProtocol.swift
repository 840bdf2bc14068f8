import NIOCore

/// The protocols that one port understands, told apart by the first byte of a client.
enum ProxyProtocol: Hashable {
    /// SOCKS 4, and 4A with names.
    case socks4
    /// RFC 1928.
    case socks5
    /// CONNECT of RFC 9110 section 9.3.6.
    case http

    init?(firstByte: UInt8) {
        switch firstByte {
        case 4: self = .socks4
        case 5: self = .socks5
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .http
        default: return nil
        }
    }

    /// - Parameter reason: one sentence for people.
    func bytes(of answer: ProxyAnswer, reason: String) -> ByteBuffer {
        switch self {
        case .socks4: Self.socks4(answer)
        case .socks5: Self.socks5(answer)
        case .http: Self.http(answer, reason)
        }
    }

    /// The address and port that follow the code mean nothing for CONNECT.
    private static func socks4(_ answer: ProxyAnswer) -> ByteBuffer {
        ByteBuffer(bytes: [0, answer == .granted ? 90 : 91] + [UInt8](repeating: 0, count: 6))
    }

    /// RFC 1928 section 6, with 0.0.0.0:0 for the address that the far side connects from, which nobody tells us.
    private static func socks5(_ answer: ProxyAnswer) -> ByteBuffer {
        if answer == .authenticationNotSupported { return ByteBuffer(bytes: [5, 0xFF]) }
        return ByteBuffer(bytes: [5, socks5Code(answer), 0, 1] + [UInt8](repeating: 0, count: 6))
    }

    private static func socks5Code(_ answer: ProxyAnswer) -> UInt8 {
        switch answer {
        case .granted: 0
        case .failed, .malformed, .authenticationNotSupported: 1
        case .notAllowed: 2
        case .networkUnreachable: 3
        case .hostUnreachable, .timedOut: 4
        case .connectionRefused: 5
        case .commandNotSupported: 7
        case .addressNotSupported: 8
        }
    }

    private static func http(_ answer: ProxyAnswer, _ reason: String) -> ByteBuffer {
        // RFC 9110 section 9.3.6: no length where the tunnel follows.
        if answer == .granted { return ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n") }
        let text = "fwd: \(reason)\n"
        var lines = [
            "HTTP/1.1 \(status(answer))", "Content-Type: text/plain; charset=utf-8",
            "Content-Length: \(text.utf8.count)", "Connection: close",
        ]
        if answer == .commandNotSupported { lines.append("Allow: CONNECT") }
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n" + text)
    }

    /// RFC 9110 section 15.
    private static func status(_ answer: ProxyAnswer) -> String {
        switch answer {
        case .granted: "200 Connection established"
        case .malformed, .addressNotSupported, .authenticationNotSupported: "400 Bad Request"
        case .notAllowed: "403 Forbidden"
        case .commandNotSupported: "405 Method Not Allowed"
        case .failed, .networkUnreachable, .hostUnreachable, .connectionRefused: "502 Bad Gateway"
        case .timedOut: "504 Gateway Timeout"
        }
    }
}
