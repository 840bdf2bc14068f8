import FwdCore
import LibSSH2
import NIOCore

/// One session of a walk: what it runs on, what it reports, and channels for those who ask. Loop-bound.
final class WalkedSession: ChannelSource {
    let server: GatewayConfiguration
    let session: SSHSession
    let watch: SessionWatch
    let link: Link

    init(_ server: GatewayConfiguration, session: SSHSession, watch: SessionWatch, link: Link) {
        self.server = server
        self.session = session
        self.watch = watch
        self.link = link
    }

    var isUp: Bool { session.phase == .ready }
    var mayComeUp: Bool { isUp }

    func demand() {}

    func open(
        _ target: FarEnd, originator: SocketAddress?,
        completion: @escaping (Result<OpenedChannel, Cause>) -> Void
    ) -> OpenScheduler.Ticket {
        // A stock libssh2 opens one after the other, and one may wait behind it.
        let hasRoom = LibSSH2Library.opensInParallel || session.queuedOpening == nil
        if isUp, hasRoom {
            session.open(target, originator: originator) { [session] result in
                completion(result.map { OpenedChannel(channel: $0, session: session) })
            }
        } else {
            let why = isUp ? "earlier opens have not ended" : "the session ended"
            completion(.failure(Cause(.lost, "\(target): \(why)")))
        }
        return 0
    }

    func withdraw(_ ticket: OpenScheduler.Ticket) -> Bool { false }
}

@available(*, unavailable)
extension WalkedSession: Sendable {}
