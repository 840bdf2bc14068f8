import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// Resolves a gateway's name anew and races all its addresses (RFC 8305, NIO's happy eyeballs).
enum Connector {
    static let connectTimeout = TimeAmount.seconds(10)
    /// The floor of liveness: unacknowledged data for this long ends the connection (tcp(7), TCP_USER_TIMEOUT).
    private static let userTimeout = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT))
    private static let userTimeoutMilliseconds = 15_000

    /// - Throws: `Cause` (dns) in the future.
    static func resolve(_ host: String, port: UInt16, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            var hints = addrinfo()
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            let result = getaddrinfo(host, String(port), &hints, &list)
            guard result == 0 else {
                throw Cause(.dns, "cannot resolve \(host): \(String(cString: gai_strerror(result)).lowercased())")
            }
            defer { freeaddrinfo(list) }
            var addresses: [SocketAddress] = []
            var next = list
            while let info = next?.pointee {
                if let address = socketAddress(info) { addresses.append(address) }
                next = info.ai_next
            }
            return addresses
        }
    }

    private static func socketAddress(_ info: addrinfo) -> SocketAddress? {
        guard let raw = UnsafeRawPointer(info.ai_addr) else { return nil }
        return switch info.ai_family {
        case AF_INET: SocketAddress(raw.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self))
        default: nil
        }
    }

    /// - Throws: `Cause` (connect) in the future.
    static func connect(
        _ addresses: [SocketAddress], host: String, port: UInt16, on loop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .resolver(ResolvedAddresses(addresses, loop))
            .connectTimeout(connectTimeout)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(userTimeout, value: userTimeoutMilliseconds)
            .channelOption(.writeBufferWaterMark, value: .init(low: 256 * 1024, high: 1024 * 1024))
            .channelOption(.maxMessagesPerRead, value: 8)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16_384, maximum: 262_144)
            )
            .connect(host: host, port: Int(port))
            .flatMapErrorThrowing { error in throw Cause(.connect, "cannot connect: \(describe(error))") }
    }
}

/// Hands addresses that are known already to NIO's happy eyeballs.
private final class ResolvedAddresses: Resolver, Sendable {
    private let addresses: [SocketAddress]
    private let loop: any EventLoop

    init(_ addresses: [SocketAddress], _ loop: any EventLoop) {
        self.addresses = addresses
        self.loop = loop
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(addresses.filter { $0.protocol == .inet })
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(addresses.filter { $0.protocol == .inet6 })
    }

    func cancelQueries() {}
}
