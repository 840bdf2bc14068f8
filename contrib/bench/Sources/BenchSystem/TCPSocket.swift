import CBench
import Foundation

/// A blocking TCP socket without Nagle's delay, closed with its last reference. Used by one thread at a time.
public final class TCPSocket: @unchecked Sendable {
    public let descriptor: CInt

    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// - Parameter timeout: for the connection, and for each later call that waits.
    public static func connect(to endpoint: Endpoint, timeout: Duration = .seconds(20)) throws -> TCPSocket {
        let socket = try make()
        socket.setTimeout(timeout)
        let result = try endpoint.withAddress { Glibc.connect(socket.descriptor, $0, $1) }
        guard result == 0 else { throw BenchError.call("connect to \(endpoint)") }
        socket.setNoDelay()
        return socket
    }

    /// Listens on a port that the system chooses.
    public static func listen(host: String = "127.0.0.1", backlog: CInt = 4096) throws -> TCPSocket {
        let socket = try make()
        let result = try Endpoint(host: host, port: 0).withAddress { bind(socket.descriptor, $0, $1) }
        guard result == 0 else { throw BenchError.call("bind \(host)") }
        guard Glibc.listen(socket.descriptor, backlog) == 0 else { throw BenchError.call("listen on \(host)") }
        return socket
    }

    private static func make() throws -> TCPSocket {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError.call("socket") }
        return TCPSocket(descriptor: descriptor)
    }

    /// The next connection, or `nil` once the listener has been shut down.
    public func accept() -> TCPSocket? {
        while true {
            let accepted = bench_accept(descriptor)
            if accepted >= 0 {
                let socket = TCPSocket(descriptor: accepted)
                socket.setNoDelay()
                return socket
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    public var localPort: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    public func setTimeout(_ timeout: Duration) {
        var value = timeval(
            tv_sec: Int(timeout.nanoseconds / 1_000_000_000),
            tv_usec: Int(timeout.nanoseconds % 1_000_000_000 / 1000))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Fixes what the kernel otherwise lets grow.
    public func setSendBuffer(_ bytes: Int) {
        var value = CInt(clamping: bytes)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    private func setNoDelay() {
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Nothing more will be sent; the peer reads an end.
    public func endSending() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Wakes whoever waits in `accept` or in a read.
    public func shutDown() {
        shutdown(descriptor, CInt(SHUT_RDWR))
    }
}
