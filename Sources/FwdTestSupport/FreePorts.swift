import Foundation
import Synchronization

/// Hands out loopback ports that nobody listens on.
///
/// Ports are below the ephemeral range, so neither an outgoing connection nor a listener on port 0 takes one between
/// `next()` and its use. Each is handed out once per process; where a process starts counting depends on its pid, so
/// that test processes side by side seldom meet.
public enum FreePorts {
    private static let range = 20_000..<min(32_000, lowestEphemeralPort())
    private static let position = Mutex(Int(truncatingIfNeeded: splitMix64(UInt64(getpid())) >> 1))

    /// A port that was free on 127.0.0.1 and ::1 a moment ago.
    public static func next() -> UInt16 {
        for _ in range {
            let candidate = position.withLock { position in
                position &+= 1
                return UInt16(range.lowerBound + Int(UInt(bitPattern: position) % UInt(range.count)))
            }
            if isFree(candidate) { return candidate }
        }
        preconditionFailure("no port from \(range.lowerBound) to \(range.upperBound) is free on loopback")
    }

    /// Whether the port can be bound on both loopback addresses. No `SO_REUSEADDR`: TIME_WAIT counts as taken.
    public static func isFree(_ port: UInt16) -> Bool {
        var ipv4 = sockaddr_in.loopback(port: port)
        var ipv6 = sockaddr_in6.loopback(port: port)
        guard bindError(&ipv4, family: AF_INET) == 0 else { return false }
        return [0, EADDRNOTAVAIL, EAFNOSUPPORT].contains(bindError(&ipv6, family: AF_INET6))
    }

    /// Whether this machine has ::1.
    public static var hasIPv6: Bool {
        var address = sockaddr_in6.loopback(port: 0)
        return bindError(&address, family: AF_INET6) == 0
    }

    private static func bindError<Address>(_ address: inout Address, family: CInt) -> CInt {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        let result = withSocketAddress(&address) { bind(descriptor, $0, $1) }
        return result == 0 ? 0 : errno
    }

    private static func lowestEphemeralPort() -> Int {
        let text = readWholeFile("/proc/sys/net/ipv4/ip_local_port_range") ?? ""
        let low = text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
        return max(low, 20_100)
    }
}

extension sockaddr_in {
    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

extension sockaddr_in6 {
    static func loopback(port: UInt16) -> sockaddr_in6 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return address
    }
}

func withSocketAddress<Address, Result>(
    _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
