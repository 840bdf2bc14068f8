import FwdCore
import NIOCore
import NIOPosix

/// What a gateway carries that no forward does (the sessions of gateways behind it, the words of probes): relays between a
/// channel and a pair of sockets. Loop-bound.
final class JumpHost {
    let counters = ForwardCounters(kind: .local)
    private let loop: any EventLoop
    private var relays = RelayRegistry()

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// - Parameter completion: with the socket's other end, which is the receiver's.
    func connect(
        to target: FarEnd, channels: any ChannelSource,
        completion: @escaping (Result<ConnectedSocket.Handle, Cause>) -> Void
    ) {
        do throws(Cause) {
            let pair = try ConnectedSocket.pair()
            let handler = RelayHandler()
            ClientBootstrap(group: loop)
                .channelOption(.autoRead, value: false)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .adding(on: loop) { try $0.addHandler(handler) }
                .withConnectedSocket(pair.ours)
                .assumeIsolated()
                .whenComplete { [self] result in
                    switch result {
                    case .success(let near): open(target, near, handler, pair.theirs, channels, completion)
                    case .failure(let error):
                        ConnectedSocket.close(pair.theirs)
                        completion(.failure(Cause(.connect, "cannot reach \(target): \(describe(error))")))
                    }
                }
        } catch {
            completion(.failure(error))
        }
    }

    private func open(
        _ target: FarEnd, _ near: any Channel, _ handler: RelayHandler, _ theirs: ConnectedSocket.Handle,
        _ channels: any ChannelSource, _ completion: @escaping (Result<ConnectedSocket.Handle, Cause>) -> Void
    ) {
        counters.began()
        _ = channels.open(target, originator: nil) { [self] result in
            switch result {
            case .success(let opened):
                let relay = Relay(
                    near: near, handler: handler, far: opened.channel, session: opened.session, counters: counters)
                relays.insert(relay)
                relay.start()
                completion(.success(theirs))
            case .failure(let cause):
                counters.ended(.refused)
                near.close(promise: nil)
                ConnectedSocket.close(theirs)
                completion(.failure(cause))
            }
        }
    }

    /// The drain's time is over.
    func abort() {
        relays.stopAll()
    }
}

@available(*, unavailable)
extension JumpHost: Sendable {}
