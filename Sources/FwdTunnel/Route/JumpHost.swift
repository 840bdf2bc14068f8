import FwdCore
import NIOCore
import NIOPosix

/// What a gateway carries for others: their sessions, each a relay between a channel and a pair of sockets. Loop-bound.
final class JumpHost {
    let counters = ForwardCounters(kind: .local)
    private let loop: any EventLoop
    private let gateway: String
    private var relays = RelayRegistry()

    init(loop: any EventLoop, gateway: String) {
        self.loop = loop
        self.gateway = gateway
    }

    /// - Parameter promise: of the socket's other end, which is the receiver's.
    func open(
        to target: ForwardSpec.Endpoint, channels: any ChannelSource,
        for promise: EventLoopPromise<ConnectedSocket.Handle>
    ) {
        do throws(Cause) {
            let pair = try ConnectedSocket.pair()
            let handler = RelayHandler()
            let bound = NIOLoopBound(handler, eventLoop: loop)
            ClientBootstrap(group: loop)
                .channelOption(.autoRead, value: false)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { near in
                    near.eventLoop.makeCompletedFuture { try near.pipeline.syncOperations.addHandler(bound.value) }
                }
                .withConnectedSocket(pair.ours)
                .assumeIsolated()
                .whenComplete { [self] result in
                    switch result {
                    case .success(let near): open(target, near, handler, pair.theirs, channels, promise)
                    case .failure(let error):
                        ConnectedSocket.close(pair.theirs)
                        promise.fail(Cause(.connect, "cannot reach \(target): \(describe(error))"))
                    }
                }
        } catch {
            promise.fail(error)
        }
    }

    private func open(
        _ target: ForwardSpec.Endpoint, _ near: any Channel, _ handler: RelayHandler, _ theirs: ConnectedSocket.Handle,
        _ channels: any ChannelSource, _ promise: EventLoopPromise<ConnectedSocket.Handle>
    ) {
        counters.began()
        _ = channels.open(target, originator: nil) { [self] result in
            switch result {
            case .success(let opened):
                let relay = Relay(
                    near: near, handler: handler, far: opened.channel, session: opened.session, counters: counters)
                relays.insert(relay)
                relay.start()
                promise.succeed(theirs)
            case .failure(let cause):
                counters.ended(.refused)
                near.close(promise: nil)
                ConnectedSocket.close(theirs)
                // A session that died meanwhile comes back; whoever waits is told then.
                let reason: Cause.Reason = cause.reason == .lost ? .jump : .connect
                promise.fail(Cause(reason, "through \(gateway): \(cause.message)"))
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
