import Foundation
import Synchronization

/// Ports that nobody listens on, below those that outgoing connections take.
public enum Ports {
    private static let range = 20_000..<32_000
    private static let position = Mutex(Int(getpid()) * 7919 % 12_000)

    /// A port that was free on 127.0.0.1 and ::1 a moment ago; each is handed out once in a long time.
    public static func next() -> UInt16 {
        for _ in range {
            let candidate = position.withLock { position in
                position = (position + 1) % range.count
                return UInt16(range.lowerBound + position)
            }
            if isFree(candidate, AF_INET), isFree(candidate, AF_INET6) { return candidate }
        }
        preconditionFailure("no port from \(range.lowerBound) to \(range.upperBound) is free")
    }

    private static func isFree(_ port: UInt16, _ family: CInt) -> Bool {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return family == AF_INET6 }
        defer { close(descriptor) }
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { bytes in
            if family == AF_INET {
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
                bytes.storeBytes(of: address, as: sockaddr_in.self)
                return MemoryLayout<sockaddr_in>.size
            }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            bytes.storeBytes(of: address, as: sockaddr_in6.self)
            return MemoryLayout<sockaddr_in6>.size
        }
        let error = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(length)) == 0 ? 0 : errno
            }
        }
        return error == 0 || error == EADDRNOTAVAIL
    }

    /// The TCP ports that are listened on in the network namespace of a process.
    public static func listened(by pid: pid_t) -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for table in ["tcp", "tcp6"] {
            for line in (readTextFile("/proc/\(pid)/net/\(table)") ?? "").utf8.split(separator: UInt8(ascii: "\n")) {
                // "sl local_address rem_address st ...": 0A is LISTEN.
                let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 4)
                guard fields.count > 3, fields[3].elementsEqual("0A".utf8) else { continue }
                guard let hexadecimal = fields[1].split(separator: UInt8(ascii: ":")).last else { continue }
                if let port = UInt16(String(decoding: hexadecimal, as: UTF8.self), radix: 16) { ports.insert(port) }
            }
        }
        return ports
    }
}
