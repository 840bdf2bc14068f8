import FwdCore
import LibSSH2
import NIOCore

/// What a pump tells the forward whose packets it carries.
protocol PacketPumpOwner: AnyObject {
    /// A packet has come from the far side.
    func pumpReceived(_ packet: ByteBuffer)
    /// Everything that had come was received.
    func pumpEnded(_ pump: PacketPump, _ cause: Cause)
}

/// Carries packets through one tun channel. Loop-bound. Its session holds it, until either has ended.
///
/// To the far side one write is one message and so one packet (`SSHChannel.longestWrite`). What does not fit waits in a
/// `PacketQueue`, and is dropped rather than late. From the far side packets are taken at once, so that what is on its
/// way is bounded by our window: sshd drops what does not fit into that.
final class PacketPump {
    /// Our choices.
    enum Policy {
        /// Packets that may be put into the session before others get their turn.
        static let turn = 256 * 1024
        /// Credit is given in such parts of the window.
        static let creditSteps = 8
        /// sshd counts the length of each packet against its window, and gives credit for it; libssh2 does not know, so
        /// what it takes for the window grows by 4 bytes a packet. Before that number is near its end, the channel is
        /// opened anew.
        static let driftLimit = 1 << 31
    }

    /// OpenSSH's (channels.c, channel_input_data): the length of a packet in its buffer.
    private static let lengthField = 4

    private weak var owner: (any PacketPumpOwner)?
    private let far: SSHChannel
    private let session: SSHSession
    private let counters: PacketCounters
    private var queue = PacketQueue()
    /// libssh2 has begun with it, in a rekey: it is repeated as it is.
    private var latched: ByteBuffer?
    private var isSending = false
    /// By how much libssh2 takes the far side's window for larger than it is.
    private var drift = 0
    private var sendWindow = FlowWindow.tunnelSending
    private var bytesInFlight = 0
    private var decoder = TunnelFrameDecoder()
    private var window = FlowWindow.tunnelReceiving
    private var hasOpenedWindow = false
    private var isOver = false

    init(_ opened: OpenedChannel, counters: PacketCounters, owner: any PacketPumpOwner) {
        far = opened.channel
        session = opened.session
        self.counters = counters
        self.owner = owner
    }

    func start() {
        session.add(self)
        serviceFar()
        session.scheduleFlush()
    }

    // MARK: - To the far side

    /// - Parameter frame: a packet with its family.
    func send(_ frame: ByteBuffer) {
        guard !isOver else { return counters.dropped(.noSession) }
        guard frame.readableBytes <= SSHChannel.longestWrite else { return counters.dropped(.tooLarge) }
        if !queue.append(frame, now: .now) { counters.dropped(.queueFull) }
    }

    /// Puts as much of what waits into the session as has room.
    func flush() {
        // Flushing can make the connection writable, which calls back here.
        guard !isSending, !isOver else { return }
        isSending = true
        defer { isSending = false }
        counters.dropped(.late, queue.dropLate(now: .now))
        noteTakenByFar()
        do throws(LibSSH2Error) {
            try sendWaiting()
        } catch {
            return failed(error)
        }
        session.scheduleFlush()
        if drift > Policy.driftLimit { end(Cause(.requested, "the channel has carried what one can, another follows")) }
    }

    private func sendWaiting() throws(LibSSH2Error) {
        var budget = Policy.turn
        while budget > 0, !isOver, let frame = latched ?? queue.first, latched != nil || hasRoom(for: frame) {
            if latched == nil { _ = queue.removeFirst() }
            guard try write(frame) else {
                latched = frame
                return
            }
            latched = nil
            budget -= frame.readableBytes
            drift += Self.lengthField
            bytesInFlight += frame.readableBytes + Self.lengthField
            counters.sent(frame.readableBytes - TunnelFrame.headerLength)
            // The window is opened again for it.
            session.explain(input: frame.readableBytes)
            session.scheduleFlush()
        }
        if budget <= 0 { session.loop.execute { [weak self] in self?.flush() } }
    }

    private func hasRoom(for frame: ByteBuffer) -> Bool {
        let length = frame.readableBytes + Self.lengthField
        return session.isWritable && bytesInFlight + length <= sendWindow.size && length <= far.writableWindow - drift
    }

    private func write(_ frame: ByteBuffer) throws(LibSSH2Error) -> Bool {
        var result = Result<Progress<Int>, LibSSH2Error>.success(.pending)
        frame.withUnsafeReadableBytes { raw in
            result = Result { () throws(LibSSH2Error) in try far.write(raw) }
        }
        guard case .done(let count) = try result.get() else { return false }
        guard count == frame.readableBytes else {
            let message = "the server takes \(count) bytes of a packet of \(frame.readableBytes)"
            throw LibSSH2Error(code: .channelClosed, message: message)
        }
        return true
    }

    private func noteTakenByFar() {
        let left = far.firstWritableWindow - (far.writableWindow - drift)
        let taken = bytesInFlight - left
        bytesInFlight = left
        guard taken > 0, let wanted = sendWindow.took(taken, roundTrip: session.pathRoundTrip, now: .now) else {
            return
        }
        sendWindow.resize(to: wanted)
    }

    func resume() {
        flush()
    }

    // MARK: - From the far side

    func pumpFar() throws(LibSSH2Error) {
        try far.pump()
    }

    func serviceFar() {
        guard !isOver else { return }
        do throws(LibSSH2Error) {
            if far.owesGrant { try far.settleGrant() }
            while !isOver, hasOpenedWindow, far.isReadable { guard try read() else { break } }
            try giveCredit()
        } catch {
            return failed(error)
        }
        if far.isAtEnd { return end(Cause(.lost, "the far side has closed the tunnel")) }
        // The input may have been a window adjust, or the end of a rekey.
        if latched != nil || !queue.isEmpty { flush() }
    }

    private func read() throws(LibSSH2Error) -> Bool {
        var buffer = session.takeScratch()
        defer { session.keepScratch(buffer) }
        var result = Result<SSHChannel.ReadResult, LibSSH2Error>.success(.empty)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: SSHSession.Policy.readSize) { raw in
            result = Result { () throws(LibSSH2Error) in try far.read(into: raw) }
            if case .success(.bytes(let count)) = result { return count }
            return 0
        }
        guard case .bytes(let count) = try result.get() else { return false }
        session.explain(input: count * SSHSession.Policy.inputPerByteRead)
        adaptWindow(count)
        decoder.append(buffer)
        deliver()
        return true
    }

    private func deliver() {
        do throws(TunnelFrameError) {
            while !isOver, let packet = try decoder.next() {
                counters.received(packet.readableBytes)
                owner?.pumpReceived(packet)
            }
        } catch {
            end(Cause(.protocol, "the far side sent \(error)"))
        }
    }

    private func giveCredit() throws(LibSSH2Error) {
        let credit = window.size - far.readableWindow - far.owedBytes
        guard !isOver, !hasOpenedWindow || credit >= window.size / Policy.creditSteps else { return }
        hasOpenedWindow = true
        if credit > 0 { try far.grant(credit) }
        session.scheduleFlush()
    }

    private func adaptWindow(_ count: Int) {
        guard let wanted = window.took(count, roundTrip: session.pathRoundTrip, now: .now) else { return }
        session.windowBudget?.resize(&window, to: wanted)
    }

    // MARK: - Ends

    private func failed(_ error: LibSSH2Error) {
        if error.endsSession { return session.fail(session.cause(of: error)) }
        end(Cause(.lost, "the tunnel has failed: \(error.message)"))
    }

    func sessionLost() {
        close(retiring: false)
        owner?.pumpEnded(self, Cause(.lost, "the session ended"))
    }

    private func end(_ cause: Cause) {
        guard !isOver else { return }
        close(retiring: true)
        owner?.pumpEnded(self, cause)
    }

    /// The forward needs it no more.
    func stop() {
        close(retiring: true)
    }

    private func close(retiring: Bool) {
        guard !isOver else { return }
        isOver = true
        counters.dropped(.noSession, queue.removeAll())
        session.windowBudget?.resize(&window, to: FlowWindow.Policy.tunnelReceiving)
        session.remove(self)
        if retiring { session.retire(far) }
    }
}

@available(*, unavailable)
extension PacketPump: Sendable {}
