import Foundation
import FwdTestSupport
import NIOCore
import Testing

/// A way in which a client asks a proxy to be connected.
enum ProxyDialect: CaseIterable {
    case socks5Address
    case socks5Name
    /// An IPv4 address inside IPv6.
    case socks5IPv6
    case socks4
    case socks4a
    case http

    /// What the client sends, in parts: it waits for an answer between two of them.
    func parts(host: String = "127.0.0.1", name: String = "localhost", port: UInt16) -> [[UInt8]] {
        let address = host.split(separator: ".").compactMap { UInt8($0) }
        let portBytes = [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
        let named = Array(name.utf8)
        return switch self {
        case .socks5Address: [[5, 2, 2, 0], [5, 1, 0, 1] + address + portBytes]
        case .socks5Name: [[5, 1, 0], [5, 1, 0, 3, UInt8(named.count)] + named + portBytes]
        case .socks5IPv6:
            [[5, 1, 0], [5, 1, 0, 4] + [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + address + portBytes]
        case .socks4: [[4, 1] + portBytes + address + Array("me".utf8) + [0]]
        case .socks4a: [[4, 1] + portBytes + [0, 0, 0, 1, 0] + named + [0]]
        case .http: [Array("CONNECT \(name):\(port) HTTP/1.1\r\nHost: \(name):\(port)\r\n\r\n".utf8)]
        }
    }

    /// What the proxy answers before the last part.
    var greeting: [UInt8] {
        switch self {
        case .socks5Address, .socks5Name, .socks5IPv6: [5, 0]
        case .socks4, .socks4a, .http: []
        }
    }

    var granted: [UInt8] {
        switch self {
        case .socks5Address, .socks5Name, .socks5IPv6: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        case .socks4, .socks4a: [0, 90, 0, 0, 0, 0, 0, 0]
        case .http: Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
        }
    }

    var usesName: Bool {
        switch self {
        case .socks5Name, .socks4a, .http: true
        case .socks5Address, .socks5IPv6, .socks4: false
        }
    }

    /// With which bytes a refusal begins: SOCKS5's code, HTTP's status; SOCKS4 has but one.
    func refusal(_ code: UInt8, _ status: Int) -> [UInt8] {
        switch self {
        case .socks5Address, .socks5Name, .socks5IPv6: [5, code]
        case .socks4, .socks4a: [0, 91]
        case .http: Array("HTTP/1.1 \(status) ".utf8)
        }
    }
}

extension StreamClient {
    /// Asks a proxy, and returns what it answers: as many bytes as a grant has.
    func ask(_ dialect: ProxyDialect, port: UInt16, host: String = "127.0.0.1", name: String = "localhost") async throws
        -> [UInt8]
    {
        let parts = dialect.parts(host: host, name: name, port: port)
        for part in parts.dropLast() {
            try await stream.write(ByteBuffer(bytes: part))
            #expect(await receiveBytes(dialect.greeting.count) == dialect.greeting)
        }
        try await stream.write(ByteBuffer(bytes: parts.last ?? []))
        return await receiveBytes(dialect.granted.count)
    }

    /// As many, or what came before the end.
    func receiveBytes(_ count: Int) async -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, case .bytes(let more) = await stream.read() {
            bytes += Array(more.readableBytesView)
        }
        return bytes
    }
}
