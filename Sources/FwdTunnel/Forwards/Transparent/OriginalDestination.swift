import FwdCore
import Glibc
import NIOCore

/// A redirected connection leads to where it was going before the redirect.
final class OriginalDestination: ConnectionIntake {
    /// SO_ORIGINAL_DST of linux/netfilter_ipv4.h, IP6T_SO_ORIGINAL_DST of linux/netfilter_ipv6/ip6_tables.h.
    private static let option: CInt = 80

    private let rule: TransparentRule
    private(set) var leftover: [ByteBuffer] = []

    init(_ rule: TransparentRule) {
        self.rule = rule
    }

    func findDestination(
        of near: any Channel, completion: @escaping (Result<ForwardSpec.Destination, IntakeFailure>) -> Void
    ) {
        // Not redirected: it would lead to ourselves, and from there to itself.
        guard let destination = Self.destination(of: near), destination != near.localAddress else {
            return completion(.failure(Self.refused("a connection to the listener itself")))
        }
        guard let host = destination.ipAddress, let port = destination.port, rule.covers(destination.ipBytes) else {
            return completion(
                .failure(Self.refused("a connection to \(describe(destination)), which is not redirected")))
        }
        completion(.success(.host(ForwardSpec.Endpoint(host: host, port: UInt16(clamping: port)))))
    }

    func received(_ bytes: ByteBuffer) { leftover.append(bytes) }
    func opened(_ near: any Channel) {}
    func failed(_ near: any Channel, _ cause: Cause) -> Bool { false }
    func dismissed() {}

    private static func refused(_ what: String) -> IntakeFailure {
        IntakeFailure(result: .notAllowed, cause: Cause(.forbidden, "refused: \(what)"))
    }

    private static func destination(of near: any Channel) -> SocketAddress? {
        try? near.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
            let isIPv6 = near.localAddress?.protocol == .inet6
            return destination(of: socket, CInt(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP))
        } ?? nil
    }

    private static func destination(of socket: NIOBSDSocket.Handle, _ level: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        guard getsockopt(socket, level, option, &storage, &length) == 0 else { return nil }
        return withUnsafePointer(to: storage) { storage in
            switch CInt(storage.pointee.ss_family) {
            case AF_INET: storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_INET6: storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            default: nil
            }
        }
    }
}

@available(*, unavailable)
extension OriginalDestination: Sendable {}
