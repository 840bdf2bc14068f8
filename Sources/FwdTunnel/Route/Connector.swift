import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// Resolves a gateway's name anew and races all its addresses (RFC 8305, NIO's happy eyeballs).
enum Connector {
    /// How every session's connection is set up.
    static let writeBufferWaterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 * 1024, high: 256 * 1024)
    static let maxMessagesPerRead: UInt = 8
    static let recvAllocator = AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16_384, maximum: 262_144)
    /// The floor of liveness: unacknowledged data for this long ends the connection (tcp(7), TCP_USER_TIMEOUT).
    private static let userTimeout = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT))

    /// What may wait in the kernel beside what is on its way (tcp(7), TCP_NOTSENT_LOWAT): a bulk upload would else fill a
    /// send buffer of megabytes, and every keystroke of the session would wait behind it.
    private static let unsentLimit = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT))
    private static let unsentBytes = 128 * 1024

    /// - Throws: `Cause` (dns) in the future.
    static func resolve(_ host: String, port: UInt16, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        BlockingPool.shared.runIfActive(eventLoop: loop) { try lookUp(host, port: port) }
    }

    private static func lookUp(_ host: String, port: UInt16) throws(Cause) -> [SocketAddress] {
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

    /// The first of them, to listen on. Blocks; not for an event loop.
    static func lookUpFirst(_ host: String, port: UInt16) throws(Cause) -> SocketAddress {
        guard let first = try lookUp(host, port: port).first else { throw Cause(.dns, "\(host) has no address") }
        return first
    }

    private static func socketAddress(_ info: addrinfo) -> SocketAddress? {
        guard let raw = UnsafeRawPointer(info.ai_addr) else { return nil }
        return switch info.ai_family {
        case AF_INET: SocketAddress(raw.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self))
        default: nil
        }
    }

    /// - Parameter source: the local address to connect from; only addresses of its protocol are tried.
    /// - Throws: `Cause` (connect) in the future.
    static func connect(
        _ addresses: [SocketAddress], _ configuration: GatewayConfiguration, from source: String?,
        on loop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        do {
            let local = try source.map { try SocketAddress(ipAddress: $0, port: 0) }
            let usable = addresses.filter { local == nil || $0.protocol == local?.protocol }
            return bootstrap(usable, configuration, from: local, on: loop)
                .connect(host: configuration.hostName, port: Int(configuration.port))
                .flatMapErrorThrowing { error in throw Cause(.connect, "cannot connect: \(describe(error))") }
        } catch {
            let what = "cannot connect from \(source ?? ""): it is not an address"
            return loop.makeFailedFuture(Cause(.connect, .needsOperator, what))
        }
    }

    private static func bootstrap(
        _ addresses: [SocketAddress], _ configuration: GatewayConfiguration, from local: SocketAddress?,
        on loop: any EventLoop
    ) -> ClientBootstrap {
        let silence = configuration.liveness.interval * configuration.liveness.count
        let bootstrap = ClientBootstrap(group: loop)
            .resolver(ResolvedAddresses(addresses, loop))
            .connectTimeout(TimeAmount(clamping: configuration.connectTimeout))
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(userTimeout, value: .init(clamping: silence.components.seconds * 1000))
            .channelOption(unsentLimit, value: unsentBytes)
            .channelOption(.writeBufferWaterMark, value: writeBufferWaterMark)
            .channelOption(.maxMessagesPerRead, value: maxMessagesPerRead)
            .channelOption(.recvAllocator, value: recvAllocator)
            .marked()
        return local.map { bootstrap.bind(to: $0) } ?? bootstrap
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
