import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// Stops a local listener from accepting while no descriptors are left; connections then wait in the kernel. Loop-bound.
///
/// Two things close it: the process's budget has no place (until one comes back), or accept(2) says that the system has
/// no descriptor (until a timer fires). That a budget is used up shows only with the next connection, so one per
/// listening socket is accepted and waits here.
final class AcceptGate {
    /// Our choice: descriptors come back when connections end, and nothing tells.
    private static let retryDelay = TimeAmount.seconds(1)

    private let budget: ConnectionBudget
    private let loop: any EventLoop
    private let report: (Cause) -> Void
    private let timer: LoopTimer
    private var servers: [any Channel] = []
    /// Accepted, and without a place in the budget.
    private var queue = CircularBuffer<(near: any Channel, start: () -> Void)>()
    private var isWaitingForPlace = false
    private var isBackingOff = false

    /// - Parameter report: told why connections wait.
    init(budget: ConnectionBudget, loop: any EventLoop, report: @escaping (Cause) -> Void) {
        self.budget = budget
        self.loop = loop
        self.report = report
        timer = LoopTimer(loop)
    }

    /// Lets these sockets, which do not accept yet, do so.
    func open(_ servers: [any Channel]) {
        self.servers = servers
        update()
    }

    /// Forgets the sockets and who waits.
    func close() {
        servers = []
        queue.removeAll()
        timer.cancel()
        isBackingOff = false
    }

    /// Calls `start` when the connection has its place, which it keeps until it is closed.
    func admit(_ near: any Channel, start: @escaping () -> Void) {
        queue.append((near, start))
        if !isWaitingForPlace { serve() }
    }

    /// accept(2) failed.
    func acceptFailed(_ code: CInt) {
        guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code), !isBackingOff else { return }
        isBackingOff = true
        report(Cause(.limit, "connections wait to be accepted: \(systemText(code))"))
        timer.set(in: Self.retryDelay) { [weak self] in
            self?.isBackingOff = false
            self?.update()
        }
        update()
    }

    private func serve() {
        while !queue.isEmpty {
            let bound = NIOLoopBound(self, eventLoop: loop)
            guard budget.take(on: loop, orLater: { bound.value.placeCame() }) else {
                isWaitingForPlace = true
                report(
                    Cause(
                        .limit, "connections wait: the limit of file descriptors leaves \(budget.limit), all in use"))
                break
            }
            startFirst()
        }
        update()
    }

    private func placeCame() {
        isWaitingForPlace = false
        if queue.isEmpty { budget.give() } else { startFirst() }
        serve()
    }

    /// The place goes with the descriptor: whatever ends the connection, it comes back.
    private func startFirst() {
        let (near, start) = queue.removeFirst()
        near.closeFuture.whenComplete { [budget] _ in budget.give() }
        start()
    }

    private func update() {
        let isOpen = queue.isEmpty && !isBackingOff
        // A server that fails here has been closed, which its listener is told.
        for server in servers { try? server.syncOptions?.setOption(.autoRead, value: isOpen) }
    }
}

@available(*, unavailable)
extension AcceptGate: Sendable {}

/// Tells the gate of errors of accept(2). NIO goes on after them at once, and the socket stays readable: without the
/// gate that would be a busy loop.
final class AcceptErrorHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private weak var gate: AcceptGate?

    init(gate: AcceptGate) {
        self.gate = gate
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        gate?.acceptFailed(error.errnoCode)
    }
}

@available(*, unavailable)
extension AcceptErrorHandler: Sendable {}
