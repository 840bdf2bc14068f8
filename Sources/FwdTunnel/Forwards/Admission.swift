import FwdCore
import Glibc
import Logging
import NIOCore

/// Says which connections a forward does not carry, by its configured limits. Loop-bound; its listener asks it first
/// of all about every connection. Refusals are counted always and told once a minute: an attack must not fill the log.
final class Admission {
    private static let quiet = Duration.seconds(60)

    private let limits: ForwardLimits
    private let counters: ForwardCounters
    private let logger: Logger
    private var lastTold: [RelayResult: ContinuousClock.Instant] = [:]

    init(_ forward: Forward) {
        limits = forward.configuration.limits
        counters = forward.counters
        logger = forward.logger
    }

    /// Whether a connection from there may be carried; if not, that is counted, and the caller ends it.
    func admits(localPeer peer: SocketAddress?) -> Bool {
        isAllowed(peer) && hasRoom(for: peer)
    }

    /// Whether it comes from where `allow` says; if not, that is counted.
    func isAllowed(_ peer: SocketAddress?) -> Bool {
        guard let allow = limits.allow else { return true }
        if allow.contains(where: { $0.contains(peer?.ipBytes ?? []) }) { return true }
        refuse(.notAllowed, "a connection from an address that is not allowed", peer)
        return false
    }

    /// The same for a connection from the far side, which does not tell where it came from.
    func admitsRemotePeer() -> Bool {
        hasRoom(for: nil)
    }

    /// Whether a client may be carried to what it asks for. The connection is begun with already, and counts itself.
    func permits(_ host: RequestedHost, port: UInt16, for peer: SocketAddress?) -> Bool {
        guard let permit = limits.permit else { return true }
        if permit.contains(where: { $0.contains(host, port: port) }) { return true }
        let asked = ForwardSpec.Endpoint(host: host.text, port: port)
        tell(.notAllowed, "a connection to \(asked), which is not permitted", peer)
        return false
    }

    private func hasRoom(for peer: SocketAddress?) -> Bool {
        guard let most = limits.maxConnections, counters.values.active >= most else { return true }
        refuse(.overLimit, "a connection over the limit of \(most)", peer)
        return false
    }

    private func refuse(_ result: RelayResult, _ what: String, _ peer: SocketAddress?) {
        counters.refused(result)
        tell(result, what, peer)
    }

    private func tell(_ result: RelayResult, _ what: String, _ peer: SocketAddress?) {
        let isNews = lastTold[result].map { $0.duration(to: .now) >= Self.quiet } ?? true
        if isNews { lastTold[result] = .now }
        let metadata = peer.map { peer -> Logger.Metadata in [LogKey.peer: "\(describe(peer))"] }
        logger.log(level: isNews ? .warning : .debug, "refused: \(what)", metadata: metadata)
    }
}

@available(*, unavailable)
extension Admission: Sendable {}

extension SocketAddress {
    /// The IP address in network order: 4 bytes, 16, or none.
    var ipBytes: [UInt8] {
        // A link-local address comes with its interface.
        guard let text = ipAddress?.split(separator: "%").first else { return [] }
        var bytes = [UInt8](repeating: 0, count: `protocol` == .inet ? 4 : 16)
        let family = `protocol` == .inet ? AF_INET : AF_INET6
        return inet_pton(family, String(text), &bytes) == 1 ? bytes : []
    }
}
