import NIOCore

/// One direction of one connection on a `FaultyPath`: takes bytes from its channel, passes them on when they are due.
final class FaultyPump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    enum Direction { case toServer, fromServer }
    private enum Item {
        case bytes(ByteBuffer)
        case end, reset
    }

    /// More than 1 Gbit/s brings in 100 ms, so that the line is never what limits.
    private static let capacity = 32 << 20

    private let direction: Direction
    private let link: FaultyLink
    private var context: ChannelHandlerContext?
    private var queue = CircularBuffer<(due: NIODeadline, item: Item)>()
    /// Taken from the channel and not yet in the kernel of the other end.
    private var pending = 0
    private var lineIsFreeAt = NIODeadline.now()
    private var isStarted = false
    private var hasEnded = false
    private var wantsRead = false
    private var timer: Scheduled<Void>?

    init(_ direction: Direction, _ link: FaultyLink) {
        self.direction = direction
        self.link = link
        link.pumps.append(self)
    }

    /// Both ends are connected.
    func start() {
        isStarted = true
        context?.read()
        deliver()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        pending += bytes.readableBytes
        let start = max(NIODeadline.now(), lineIsFreeAt)
        lineIsFreeAt = start + link.line.conditions.transmission(of: bytes.readableBytes)
        enqueue(.bytes(bytes), lineIsFreeAt)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        wantsRead = true
        readMore()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { enqueue(.end, .now()) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        enqueue(.reset, .now())
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isStarted { enqueue(.end, .now()) } else { link.reset() }
        context.fireChannelInactive()
    }

    private func enqueue(_ item: Item, _ sent: NIODeadline) {
        if case .bytes = item {
        } else {
            guard !hasEnded else { return }
            hasEnded = true
        }
        queue.append((sent + TimeAmount(link.line.conditions.delay), item))
        deliver()
    }

    /// Passes on what is due, unless the direction is held.
    func deliver() {
        timer?.cancel()
        timer = nil
        guard isStarted, !isHeld, let destination = link.destination(of: direction) else { return }
        let now = NIODeadline.now()
        while let next = queue.first, next.due <= now {
            queue.removeFirst()
            pass(next.item, to: destination)
        }
        destination.flush()
        guard let next = queue.first else { return }
        timer = link.line.loop.assumeIsolated().scheduleTask(deadline: next.due) { self.deliver() }
    }

    private var isHeld: Bool {
        direction == .toServer ? link.line.conditions.holdsToServer : link.line.conditions.holdsFromServer
    }

    private func pass(_ item: Item, to destination: any Channel) {
        switch item {
        case .bytes(let bytes):
            destination.write(bytes).assumeIsolated().whenComplete { _ in
                self.pending -= bytes.readableBytes
                self.readMore()
            }
        case .end:
            destination.flush()
            destination.close(mode: .output, promise: nil)
            link.directionEnded()
        case .reset: link.reset()
        }
    }

    private func readMore() {
        guard wantsRead, pending < Self.capacity else { return }
        wantsRead = false
        context?.read()
    }
}

@available(*, unavailable)
extension FaultyPump: Sendable {}
