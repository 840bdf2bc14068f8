import Foundation
import NIOCore
import NIOPosix

/// The connections of one `FaultyPath` and their common conditions. Lives on the path's loop.
final class FaultyLine {
    let server: Int
    let loop: any EventLoop
    var conditions: PathConditions {
        didSet { for link in links.values { link.conditionsChanged() } }
    }
    private(set) var links: [Int: FaultyLink] = [:]
    private(set) var resets = 0
    private var lastID = 0

    init(server: Int, conditions: PathConditions, loop: any EventLoop) {
        self.server = server
        self.conditions = conditions
        self.loop = loop
    }

    /// Connects an accepted connection to the server.
    func carry(_ client: any Channel) -> EventLoopFuture<Void> {
        lastID += 1
        let link = FaultyLink(id: lastID, line: self, client: client)
        links[lastID] = link
        let bound = NIOLoopBound(link, eventLoop: loop)
        return loop.makeCompletedFuture {
            try client.pipeline.syncOperations.addHandler(FaultyPump(.toServer, link))
        }.flatMap { bound.value.connect() }
    }

    func forget(_ link: FaultyLink) {
        link.pumps = []
        links[link.id] = nil
    }

    func reset(share: Double, seed: UInt64) -> Int {
        guard share > 0, !links.isEmpty else { return 0 }
        let order = links.values.sorted { splitMix64(seed ^ UInt64($0.id)) < splitMix64(seed ^ UInt64($1.id)) }
        let chosen = order.prefix(max(1, Int(Double(order.count) * share)))
        for link in chosen { link.reset() }
        resets += chosen.count
        return chosen.count
    }
}

@available(*, unavailable)
extension FaultyLine: Sendable {}

/// One connection on a path: the client's end and the server's. Lives on the path's loop.
final class FaultyLink {
    let id: Int
    let line: FaultyLine
    private let client: any Channel
    private var server: (any Channel)?
    var pumps: [FaultyPump] = []
    private var openDirections = 2

    init(id: Int, line: FaultyLine, client: any Channel) {
        self.id = id
        self.line = line
        self.client = client
    }

    func connect() -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: line.loop)
        ClientBootstrap(group: line.loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FaultyPump(.fromServer, bound.value))
                }
            }
            .connect(host: "127.0.0.1", port: line.server)
            .whenComplete { result in
                switch result {
                case .success(let channel): bound.value.connected(channel)
                case .failure: bound.value.reset()
                }
            }
        return line.loop.makeSucceededVoidFuture()
    }

    private func connected(_ channel: any Channel) {
        server = channel
        guard line.links[id] != nil else { return reset() }
        for pump in pumps { pump.start() }
    }

    func destination(of direction: FaultyPump.Direction) -> (any Channel)? {
        direction == .toServer ? server : client
    }

    func conditionsChanged() {
        for pump in pumps { pump.deliver() }
    }

    func directionEnded() {
        openDirections -= 1
        guard openDirections == 0 else { return }
        client.close(promise: nil)
        server?.close(promise: nil)
        line.forget(self)
    }

    func reset() {
        line.forget(self)
        for channel in [client, server].compactMap({ $0 }) {
            let aborted = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            aborted?.whenComplete { _ in channel.close(promise: nil) }
        }
    }
}

@available(*, unavailable)
extension FaultyLink: Sendable {}
