import FwdCore
import Glibc
import LibSSH2
import NIOCore

/// One carried connection: a near TCP connection glued to a far SSH channel. Loop-bound.
///
/// Memory is bounded in both directions. To the far side: the near connection is read only when everything read before
/// is in the channel. To the near side: everything that comes is read from libssh2 at once (its one packet list serves
/// all channels, so nothing may lie there), but the window is opened again only for what the near socket has taken.
/// A rate limit holds in the same two places: the near connection is not read, and no window is given, before it is the
/// relay's turn.
///
/// The most memory that one relay can take, in our own buffers:
/// - to the near side `FlowWindow.size` (2 MiB, less with a rate limit, `RelayLimits.window`; more on a long path,
///   which all relays of a gateway take from one `WindowBudget`): all that the far side may send before we allow more,
///   in the write queue of a near socket that takes nothing. For an accepted channel (-R) on a stock libssh2
///   `SSHChannel.reservedWindow` (1.5 MiB) more lies in libssh2; its first window is 2 MiB whatever the rate.
/// - to the far side what one turn reads, `NearPolicy.readSize` × `NearPolicy.readsPerTurn` (1 MiB), while the channel
///   has no window; when the near side has ended, or while the connection waited for its channel, instead what lay in
///   the kernel's receive buffer then (net.ipv4.tcp_rmem, by default at most 6 MiB).
///
/// So 3 MiB (-R: 4.5 MiB), or 8 MiB (-R: 9.5 MiB) when the near side has ended and the far side takes nothing; a quiet
/// relay takes some KiB. What the kernel keeps in the near socket is its own.
///
/// The session holds its relays; a relay removes itself when `RelayStateMachine` says that it has ended.
final class Relay: NearConnectionOwner {
    /// Our choices.
    enum Policy {
        /// Credit is given in such parts of the window: larger ones halve the throughput on a long path.
        static let creditSteps = 16
        /// Up to this length, bytes are copied out of the read buffer, which then serves again.
        static let copyLimit = 128 * 1024
        /// Bytes that one relay may put into the session before the others get their turn.
        static let turn = 256 * 1024
    }

    private let near: any Channel
    private let handler: RelayHandler
    private let far: SSHChannel
    /// Its session holds it too, until the relay has ended or the session has.
    private let session: SSHSession
    private let counters: ForwardCounters
    private let limits: RelayLimits
    private let idleTimer: IdleTimer?
    private var machine = RelayStateMachine()

    /// Bytes read from the near side and not yet in the channel. More than one read's worth only when the near side
    /// ended: NIO then reads what is left in one go, at most the kernel's receive buffer.
    private var pending = CircularBuffer<ByteBuffer>(initialCapacity: 4)
    private var isSending = false
    private var isReading = false
    private var hasFarEnded = false
    private var sendsEOF = false
    /// The near side is being closed, after what is written to it.
    private var isClosingNear = false
    private var closingResult: RelayResult?
    /// What the far side may send ahead.
    private var window: FlowWindow
    private var hasOpenedWindow = false
    /// What may be on its way to the far side; `nil`: all that its window allows.
    private var sendWindow: FlowWindow?
    /// What is.
    private var bytesInFlight = 0
    private let turnToFar: RateTurn
    private let turnToNear: RateTurn

    init(
        near: any Channel, handler: RelayHandler, far: SSHChannel, session: SSHSession,
        counters: ForwardCounters, limits: RelayLimits? = nil
    ) {
        self.near = near
        self.handler = handler
        self.far = far
        self.session = session
        self.counters = counters
        self.limits = limits ?? .none(near.eventLoop)
        window = FlowWindow(initial: self.limits.window)
        // Another server might wait for more than we send, before it says that it has taken any.
        sendWindow = session.ssh.isServerOpenSSH ? .sending : nil
        turnToFar = RateTurn(self.limits.toFar)
        turnToNear = RateTurn(self.limits.toNear)
        idleTimer = self.limits.idleTimeout.map { IdleTimer($0, loop: near.eventLoop) }
    }

    /// Takes over the near connection and opens the window.
    /// - Parameters:
    ///   - early: bytes that were read before the channel was open.
    ///   - hasEnded: the near side has sent EOF already.
    func start(early: [ByteBuffer] = [], hasEnded: Bool = false) {
        handler.owner = self
        session.add(self)
        pending.append(contentsOf: early)
        limitReads()
        idleTimer?.start { [weak self] in self?.idled() }
        do throws(LibSSH2Error) {
            try giveCredit()
        } catch {
            return session.fail(session.cause(of: error))
        }
        send()
        if hasEnded { nearEnded() }
        readNear()
        // An accepted channel may have its first bytes already.
        serviceFar()
        session.scheduleFlush()
    }

    // MARK: - Near to far

    /// An accepted connection is registered one task after its accept, and its channel can be there before: what is
    /// flushed at once may be answered within the same turn of the loop.
    func nearBecameActive() {
        isReading = false
        readNear()
    }

    func nearReceived(_ bytes: ByteBuffer) {
        pending.append(bytes)
    }

    func nearReadCompleted() {
        isReading = false
        send()
        readNear()
        session.scheduleFlush()
    }

    func nearEnded() {
        send()
        perform(machine.nearEOF(hasPendingBytes: !pending.isEmpty))
        session.scheduleFlush()
    }

    /// The session has room again.
    func resume() {
        send()
        readNear()
    }

    private func readNear() {
        guard pending.isEmpty, !isReading, !machine.isOver, session.isWritable, mayCarryToFar() else { return }
        isReading = true
        near.read()
    }

    private func send() {
        // Flushing can make the connection writable, which calls back here.
        guard !isSending, !pending.isEmpty, !machine.isOver else { return }
        isSending = true
        defer { isSending = false }
        var budget = Policy.turn
        noteTakenByFar()
        do throws(LibSSH2Error) {
            while !machine.isOver, budget > 0, let front = pending.first, hasRoomOnTheWay, mayCarryToFar() {
                guard case .done(let count) = try write(front) else { break }
                // A server that allows packets of no length would keep us busy for ever.
                if count == 0, front.readableBytes > 0 { return perform(machine.farClosed()) }
                budget -= count
                bytesInFlight += count
                carriedToFar(count)
                // The window is opened again for it, some bytes for some KiB.
                session.explain(input: count)
                if count == front.readableBytes {
                    pending.removeFirst()
                } else {
                    pending[pending.startIndex].moveReaderIndex(forwardBy: count)
                }
                session.scheduleFlush()
            }
        } catch {
            return farFailed(error)
        }
        if pending.isEmpty {
            perform(machine.nearBytesSent())
        } else if budget <= 0 {
            near.eventLoop.assumeIsolated().execute { [weak self] in self?.resume() }
        }
    }

    /// Where nobody else is on the session, nobody waits behind what is sent ahead, and more of it is faster.
    private var hasRoomOnTheWay: Bool {
        guard session.isWritable else { return false }
        guard let sendWindow, session.load > 1 else { return true }
        return bytesInFlight < sendWindow.size
    }

    private func noteTakenByFar() {
        guard sendWindow != nil else { return }
        let left = far.bytesInFlight
        let taken = bytesInFlight - left
        bytesInFlight = left
        guard taken > 0, let wanted = sendWindow?.took(taken, roundTrip: session.pathRoundTrip, now: .now) else {
            return
        }
        sendWindow?.resize(to: wanted)
    }

    private func write(_ bytes: ByteBuffer) throws(LibSSH2Error) -> Progress<Int> {
        var result = Result<Progress<Int>, LibSSH2Error>.success(.pending)
        bytes.withUnsafeReadableBytes { raw in
            result = Result { () throws(LibSSH2Error) in try far.write(raw) }
        }
        return try result.get()
    }

    // MARK: - Far to near

    func pumpFar() throws(LibSSH2Error) {
        try far.pump()
    }

    /// Called after every input of the session: it may hold something for this channel.
    func serviceFar() {
        guard !machine.isOver, !isQuiet else { return }
        do throws(LibSSH2Error) {
            if far.owesGrant { try far.settleGrant() }
            if sendsEOF { try sendFarEOF() }
            if !hasFarEnded { try readFar() }
            if hasFarEnded, !machine.isOver, far.isClosedByPeer { perform(machine.farClosed()) }
        } catch {
            return farFailed(error)
        }
        guard !machine.isOver else { return }
        // The input may have been a window adjust, or the end of a rekey.
        if !pending.isEmpty {
            send()
            readNear()
        }
    }

    /// Nothing has come for it and nothing waits to be sent: so with all relays but the busy ones, of which each input of
    /// the session asks this.
    private var isQuiet: Bool {
        hasOpenedWindow && !sendsEOF && !hasFarEnded && pending.isEmpty && !far.owesGrant && !far.isReadable
            && !far.isAtEnd
    }

    private func readFar() throws(LibSSH2Error) {
        var hasRead = false
        // An accepted channel has bytes before it is its turn.
        while hasOpenedWindow, !machine.isOver, far.isReadable {
            var buffer = session.takeScratch()
            let count = try read(into: &buffer)
            guard count > 0 else {
                session.keepScratch(buffer)
                break
            }
            hasRead = true
            carriedToNear(count)
            deliver(buffer)
        }
        // Flushing may find the near side gone, which ends the relay and gives the channel up.
        if hasRead { near.flush() }
        if hasRead || !hasOpenedWindow { try giveCredit() }
        if !machine.isOver, far.isAtEnd {
            hasFarEnded = true
            perform(machine.farEOF())
        }
    }

    private func deliver(_ buffer: ByteBuffer) {
        guard buffer.readableBytes <= Policy.copyLimit else { return near.write(buffer, promise: nil) }
        var copy = near.allocator.buffer(capacity: buffer.readableBytes)
        copy.writeImmutableBuffer(buffer)
        session.keepScratch(buffer)
        near.write(copy, promise: nil)
    }

    private func read(into buffer: inout ByteBuffer) throws(LibSSH2Error) -> Int {
        var result = Result<SSHChannel.ReadResult, LibSSH2Error>.success(.empty)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: SSHSession.Policy.readSize) { raw in
            result = Result { () throws(LibSSH2Error) in try far.read(into: raw) }
            if case .success(.bytes(let count)) = result { return count }
            return 0
        }
        guard case .bytes(let count) = try result.get() else { return 0 }
        session.explain(input: count * SSHSession.Policy.inputPerByteRead)
        return count
    }

    /// Opens the window, then opens it again for what the near socket has taken.
    private func giveCredit() throws(LibSSH2Error) {
        guard !machine.isOver, near.isWritable else { return }
        let credit = window.size - far.readableWindow - far.owedBytes
        guard !hasOpenedWindow || credit >= creditStep, mayGiveCredit() else { return }
        hasOpenedWindow = true
        turnToNear.end()
        // An accepted channel may have more than it needs already.
        if credit > 0 { try far.grant(credit) }
    }

    /// One part in sixteen of a full window, one in four of a small one.
    private var creditStep: Int {
        max(window.size / Policy.creditSteps, min(FlowWindow.Policy.initial / Policy.creditSteps, window.size / 4))
    }

    /// Fits the window to the path. With a rate limit it stays small on purpose.
    private func adaptWindow(_ count: Int) {
        guard limits.toNear == nil, near.isWritable,
            let wanted = window.took(count, roundTrip: session.pathRoundTrip, now: .now)
        else { return }
        session.windowBudget?.resize(&window, to: wanted)
    }

    func nearBecameWritable() {
        guard !machine.isOver else { return }
        do throws(LibSSH2Error) {
            try giveCredit()
        } catch {
            return farFailed(error)
        }
        // With the credit, more of what has come already may be read.
        serviceFar()
        session.scheduleFlush()
    }

    // MARK: - Limits

    private func limitReads() {
        guard let size = limits.readSize, let options = near.syncOptions else { return }
        // The channel may be closed already, and then has no options to set.
        try? options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: size))
        try? options.setOption(.maxMessagesPerRead, value: 1)
    }

    private func mayCarryToFar() -> Bool {
        turnToFar.isMine { [weak self] in
            guard let self, !machine.isOver else { return false }
            resume()
            session.scheduleFlush()
            return true
        }
    }

    private func mayGiveCredit() -> Bool {
        turnToNear.isMine { [weak self] in
            guard let self, !machine.isOver, near.isWritable else { return false }
            nearBecameWritable()
            return true
        }
    }

    private func carriedToFar(_ count: Int) {
        counters.sent(count)
        turnToFar.spend(count)
        turnToFar.end()
        idleTimer?.noteActivity()
    }

    private func carriedToNear(_ count: Int) {
        counters.received(count)
        turnToNear.spend(count)
        adaptWindow(count)
        idleTimer?.noteActivity()
    }

    private func idled() {
        // What waits for its turn is carried as soon as the rate limit allows: that is not idle.
        if turnToFar.isQueued || turnToNear.isQueued {
            idleTimer?.start { [weak self] in self?.idled() }
            return
        }
        perform(machine.idled())
        if closingResult != nil { near.reset() }
        session.scheduleFlush()
    }

    // MARK: - Ends

    func nearFailed() {
        perform(machine.nearFailed())
        session.scheduleFlush()
    }

    func nearClosed() {
        send()
        perform(machine.nearClosed(hasPendingBytes: !pending.isEmpty))
        session.scheduleFlush()
    }

    func sessionLost() {
        perform(machine.sessionLost())
    }

    /// The forward was stopped.
    func stop() {
        perform(machine.stopped())
        // It may be over and still be writing its last bytes to a near side that does not take them.
        if closingResult != nil { near.reset() }
    }

    private func farFailed(_ error: LibSSH2Error) {
        if error.endsSession { return session.fail(session.cause(of: error)) }
        perform(machine.farClosed())
    }

    private func perform(_ actions: [RelayStateMachine.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: RelayStateMachine.Action) {
        switch action {
        case .sendFarEOF:
            sendsEOF = true
            do throws(LibSSH2Error) { try sendFarEOF() } catch { farFailed(error) }
        case .finishNearOutput:
            afterNearWrites { $0.finishNearOutput($1) }
        case .closeFar:
            session.retire(far)
        case .closeNear:
            handler.owner = nil
            isClosingNear = true
            afterNearWrites { $0.finishClosing($1) }
        case .resetNear:
            handler.owner = nil
            near.reset()
        case .ended(let result):
            pending.removeAll()
            session.windowBudget?.resize(&window, to: limits.window)
            session.remove(self)
            if !isClosingNear { idleTimer?.cancel() }
            if isClosingNear { closingResult = result } else { counters.ended(result) }
        }
    }

    /// The machine hears of it first: where the near side has ended too, closing its output closes it altogether.
    private func finishNearOutput(_ written: Result<Void, any Error>) {
        guard case .success = written else { return nearFailed() }
        perform(machine.nearOutputFinished())
        if !machine.isOver { near.close(mode: .output, promise: nil) }
        session.scheduleFlush()
    }

    /// The connection counts until its last byte is in the near socket.
    private func finishClosing(_ written: Result<Void, any Error>) {
        near.close(promise: nil)
        isClosingNear = false
        idleTimer?.cancel()
        guard let result = closingResult else { return }
        closingResult = nil
        if case .success = written { counters.ended(result) } else { counters.ended(.localReset) }
    }

    private func sendFarEOF() throws(LibSSH2Error) {
        if case .done = try far.sendEOF() { sendsEOF = false }
        session.scheduleFlush()
    }

    /// Runs `body` once everything written to the near side is in its socket, or the near side failed.
    /// (`close(mode: .output)` becomes a full close, which drops pending writes, when the input was closed before.)
    private func afterNearWrites(_ body: @escaping (Relay, Result<Void, any Error>) -> Void) {
        let written = near.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { body(self, $0) }
        near.writeAndFlush(ByteBuffer(), promise: written)
    }
}

@available(*, unavailable)
extension Relay: Sendable {}

extension Channel {
    /// Closes with RST instead of FIN, so that the other side does not take a cut stream for a whole one.
    func reset() {
        (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
        close(promise: nil)
    }
}
