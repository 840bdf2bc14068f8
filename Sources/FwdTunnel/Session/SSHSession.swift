import FwdCore
import LibSSH2
import Logging
import NIOCore

/// What a session reports to its gateway, on the gateway's loop.
protocol SSHSessionDelegate: AnyObject {
    /// The server has identified itself; the key exchange goes on.
    func sessionReadVersion(_ session: SSHSession)
    func sessionVerifiedHost(_ session: SSHSession)
    /// Logged in, and ready to open channels.
    func sessionIsReady(_ session: SSHSession)
    func sessionMeasuredRoundTrip(_ session: SSHSession)
    /// The far side has confirmed the end of every channel that was given up.
    func sessionClosedChannels(_ session: SSHSession)
    /// It carries one relay more, or less.
    func sessionChangedLoad(_ session: SSHSession)
    /// The last relay is gone and no open is under way.
    func sessionBecameIdle(_ session: SSHSession)
    /// Everything that uses the session is about to be told.
    func sessionIsEnding(_ session: SSHSession, _ cause: Cause)
    /// Reported once; everything that used the session has been told already.
    func sessionEnded(_ session: SSHSession, _ cause: Cause)
}

/// One SSH connection: a libssh2 session on one TCP connection. Loop-bound.
///
/// Created when TCP is up; goes through key exchange, host-key check and login by itself, then serves opens, listens
/// and relays until the connection dies or `close` is called. All of libssh2 happens inside `pump` and the few calls
/// of its relays.
final class SSHSession {
    enum Phase: Hashable {
        case keyExchange, loggingIn, preparing, ready, dead
    }

    /// Our choices.
    enum Policy {
        /// From TCP up to logged in; OpenSSH's LoginGraceTime is 120 s, its ConnectTimeout usually less.
        static let loginDeadline = TimeAmount.seconds(30)
        /// What a -L open may take. sshd itself gives up on a target that drops SYNs after 134 s.
        static let openDeadline = TimeAmount.seconds(10)
        /// Opens given up before the session takes no more: each may hold a channel at the far side.
        static let abandonLimit = 8
        /// What a tcpip-forward may take. Replies are matched by order, so one that is missing ends the session.
        static let listenDeadline = TimeAmount.seconds(15)
        /// What a server may send up to the login: banners and refusals, a few KiB each. libssh2 keeps what it does
        /// not know in its list for ever.
        static let loginInputLimit = 1024 * 1024
        /// What a server may send that no event explains: messages that libssh2 does not know stay in its list for ever.
        static let unexplainedInputLimit = 16 * 1024 * 1024
        /// A byte that is read may have had a packet of its own; 64 is more than one takes.
        static let inputPerByteRead = 64
        /// For each channel, listener, ping or rekey: more than its messages take.
        static let inputPerEvent = 4096
        /// Most bytes in one read from libssh2.
        static let readSize = 256 * 1024
    }

    let id: Int
    let isOverflow: Bool
    let login: LoginParameters
    let channel: any Channel
    let logger: Logger
    let transport = TransportBuffers()
    let ssh: Session
    weak var delegate: (any SSHSessionDelegate)?
    /// Of the gateway; its sessions end before it.
    weak var windowBudget: WindowBudget?

    var phase = Phase.keyExchange
    /// Whether a dead session had been ready before.
    private(set) var wasReady = false
    /// Set once the host key was accepted.
    var hostKey: HostKeyPolicy.TrustedKey?
    var loginState: LoginState
    var hasReadVersion = false
    /// What a -L open may take.
    var openDeadline = Policy.openDeadline
    private var loginInput = 0
    /// Input that nothing has explained yet; see `explain`.
    private var unexplainedInput = 0

    /// Keeps a channel to ping and to pump with, for the session's whole life. Absent where the server refuses it.
    var control: SSHChannel?
    var isServerNagleOff = false
    var spare: Spare?
    var preparation = Preparation.start
    var opening: Opening?
    var queuedOpening: Opening?
    /// Where libssh2 can have several; `opening` then serves only the ping.
    var parallelOpenings: [ParallelOpening] = []
    var listens: [ListenRequest] = []
    var listeners: [RemoteListening] = []
    var relays: [Relay] = []
    /// Tunnels, which carry packets.
    private(set) var pumps: [PacketPump] = []
    /// Channels that were given up and wait for the peer's CLOSE.
    var closing: [SSHChannel] = []
    var cancelling: [Listener] = []

    /// Once it is ready.
    var liveness: LivenessStateMachine?
    var isPinging = false
    var roundTrip: Duration?
    /// The path's own, without what waits in sshd's buffers: the kernel's where the connection is TCP, else the shortest
    /// answer to a ping.
    var pathRoundTrip: Duration?
    /// Bytes handed to the connection.
    private(set) var outputCount: UInt64 = 0
    let loginTimer: LoopTimer
    let pingTimer: LoopTimer
    let openTimer: LoopTimer
    let listenTimer: LoopTimer
    private var isFlushScheduled = false
    private var isPumping = false
    private var needsPump = false
    /// Relays that stopped reading because the connection was congested.
    private var hasBlockedRelays = false
    /// Kept between reads; see `takeScratch`.
    private var scratch: ByteBuffer?

    init(
        id: Int, isOverflow: Bool, channel: any Channel, login: LoginParameters, logger: Logger,
        delegate: any SSHSessionDelegate
    ) throws(LibSSH2Error) {
        self.id = id
        self.isOverflow = isOverflow
        self.channel = channel
        self.login = login
        loginState = LoginState(login)
        self.logger = logger.with(LogKey.session, id)
        self.delegate = delegate
        loginTimer = LoopTimer(channel.eventLoop)
        pingTimer = LoopTimer(channel.eventLoop)
        openTimer = LoopTimer(channel.eventLoop)
        listenTimer = LoopTimer(channel.eventLoop)
        ssh = try Session(transport: transport)
    }

    var loop: NIOIsolatedEventLoop { channel.eventLoop.assumeIsolated() }

    /// Begins the key exchange.
    func start() {
        do {
            try prepareMethods()
            try channel.pipeline.syncOperations.addHandler(SSHTransportHandler(session: self))
        } catch {
            return fail(Cause(.internal, .bug, "\(error)"))
        }
        loginTimer.set(in: Policy.loginDeadline) { [weak self] in
            guard let self else { return }
            fail(loginTimeout(after: Int(Policy.loginDeadline.nanoseconds / 1_000_000_000)))
        }
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
        pump()
    }

    /// Ends the session: relays are reset, the connection is closed. No report to the delegate.
    func close() {
        delegate = nil
        fail(Cause(.requested, "closed"))
    }

    // MARK: - Events of the connection

    func received(_ bytes: ByteBuffer) {
        guard phase != .dead else { return }
        liveness?.received(now: .now)
        if phase != .ready {
            loginInput += bytes.readableBytes
            if loginInput > Policy.loginInputLimit {
                return fail(Cause(.protocol, "the server sent more than 1 MiB before the login was over"))
            }
        }
        unexplainedInput += bytes.readableBytes
        if unexplainedInput > Policy.unexplainedInputLimit {
            return fail(Cause(.protocol, "the server sent 16 MiB that belong to nothing"))
        }
        if loginState.isAway { return loginState.heldInput.append(bytes) }
        transport.received(bytes)
        pump()
    }

    func connectionClosed() {
        let isLoggedIn = phase == .ready
        let what = "the server closed the connection\(isLoggedIn ? "" : " before login")"
        fail(Cause(isLoggedIn ? .lost : .handshake, what))
    }

    func connectionFailed(_ error: any Error) {
        fail(Cause(phase == .ready ? .lost : .handshake, "connection failed: \(describe(error))"))
    }

    /// Something has happened that input of this length may have been about.
    func explain(input length: Int) {
        unexplainedInput = max(0, unexplainedInput - length)
    }

    func becameWritable() {
        guard hasBlockedRelays, phase == .ready, !relays.isEmpty || !pumps.isEmpty else { return }
        hasBlockedRelays = false
        for pump in pumps where isWritable { pump.resume() }
        guard !relays.isEmpty else { return }
        // Another one is first each time, so that a few bulk uploads cannot keep the rest waiting.
        relays.append(relays.removeFirst())
        for relay in relays where isWritable { relay.resume() }
    }

    // MARK: - Output

    /// Whether more payload may be written. Relays that are told no are resumed later.
    var isWritable: Bool {
        if channel.isWritable { return true }
        hasBlockedRelays = true
        return false
    }

    /// Hands output to the socket at the end of the loop tick, or at once when there is much.
    func scheduleFlush() {
        if loginState.isAway { return }
        if transport.outboundBytes >= TransportBuffers.flushThreshold { return flush() }
        guard !isFlushScheduled, transport.outboundBytes > 0 else { return }
        isFlushScheduled = true
        loop.execute { [weak self] in
            self?.isFlushScheduled = false
            self?.flush()
        }
    }

    private func flush() {
        guard !loginState.isAway, transport.outboundBytes > 0, phase != .dead else { return }
        let queued = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if queued + transport.outboundBytes > TransportBuffers.hardLimit {
            return fail(Cause(.protocol, "the server does not read what it makes us send"))
        }
        outputCount += UInt64(transport.outboundBytes)
        channel.writeAndFlush(transport.takeOutbound(channel.allocator), promise: nil)
    }

    // MARK: - Pump

    /// Lets libssh2 take in all input and advances everything that may have been waiting for it.
    func pump() {
        guard phase != .dead, !loginState.isAway else { return }
        if isPumping {
            needsPump = true
            return
        }
        isPumping = true
        defer { isPumping = false }
        repeat {
            needsPump = false
            do throws(LibSSH2Error) {
                try advance()
            } catch {
                fail(cause(of: error))
            }
        } while needsPump && phase != .dead && !loginState.isAway
        scheduleFlush()
    }

    private func advance() throws(LibSSH2Error) {
        switch phase {
        case .keyExchange: try advanceKeyExchange()
        case .loggingIn: try advanceLogin()
        case .preparing: try advancePreparation()
        case .ready: try serve()
        case .dead: break
        }
    }

    /// The steady state: take input in, then ask everybody who may have got something.
    private func serve() throws(LibSSH2Error) {
        try takeInput()
        if ssh.hasChangedHostKey {
            return fail(
                Cause(
                    .hostKey, .needsOperator,
                    "HOST KEY CHANGED: the server came with another key in a later key exchange"))
        }
        try advanceSpare()
        try pollOpening()
        try pollParallelOpenings()
        try pollListens()
        try pollPing()
        for listening in listeners { try acceptConnections(of: listening) }
        for relay in relays { relay.serviceFar() }
        for pump in pumps { pump.serviceFar() }
        try retireChannels()
    }

    /// Any channel's zero-length read drains the transport; without one, an open that every server refuses does.
    private func takeInput() throws(LibSSH2Error) {
        if let control {
            try control.pump()
            try discardInput(of: control)
            guard control.isAtEnd else { return }
            // The server has closed it (sshd's ChannelTimeout can): go on without.
            self.control = nil
            isPinging = false
            liveness?.forgetQuestion()
            retire(control)
        }
        if let relay = relays.first { return try relay.pumpFar() }
        if let pump = pumps.first { return try pump.pumpFar() }
        if opening == nil, parallelOpenings.isEmpty, listeners.isEmpty { startPingOpening() }
    }

    private func retireChannels() throws(LibSSH2Error) {
        if !closing.isEmpty {
            var open: [SSHChannel] = []
            for channel in closing {
                if case .pending = try channel.close() { open.append(channel) }
            }
            closing = open
            if closing.isEmpty { delegate?.sessionClosedChannels(self) }
        }
        if !cancelling.isEmpty {
            var open: [Listener] = []
            for listener in cancelling {
                if case .pending = try listener.cancel() { open.append(listener) }
            }
            cancelling = open
        }
    }

    /// Gives a channel up: CLOSE is sent now, the handle lives until the peer's CLOSE came.
    func retire(_ channel: SSHChannel) {
        guard phase != .dead else { return }
        do throws(LibSSH2Error) {
            if case .pending = try channel.close() { closing.append(channel) }
        } catch {
            fail(cause(of: error))
        }
        scheduleFlush()
    }

    // MARK: - Relays

    func add(_ relay: Relay) {
        relays.append(relay)
        delegate?.sessionChangedLoad(self)
    }

    func remove(_ relay: Relay) {
        relays.removeAll { $0 === relay }
        delegate?.sessionChangedLoad(self)
        reportIfIdle()
    }

    func add(_ pump: PacketPump) {
        pumps.append(pump)
        delegate?.sessionChangedLoad(self)
    }

    func remove(_ pump: PacketPump) {
        pumps.removeAll { $0 === pump }
        delegate?.sessionChangedLoad(self)
        reportIfIdle()
    }

    /// Channels that carry something.
    var load: Int { relays.count + pumps.count }

    var isIdle: Bool { load == 0 && opening == nil && queuedOpening == nil && parallelOpenings.isEmpty }

    func reportIfIdle() {
        if phase == .ready, isIdle { delegate?.sessionBecameIdle(self) }
    }

    /// A large buffer to read into; give it back with `keepScratch` if it was copied out.
    func takeScratch() -> ByteBuffer {
        defer { scratch = nil }
        return scratch ?? channel.allocator.buffer(capacity: Policy.readSize)
    }

    func keepScratch(_ buffer: ByteBuffer) {
        scratch = buffer
        scratch?.clear()
    }

    // MARK: - The end

    func fail(_ cause: Cause) {
        guard phase != .dead else { return }
        if loginState.isAway {
            loginState.endsWith = loginState.endsWith ?? cause
            return
        }
        delegate?.sessionIsEnding(self, cause)
        wasReady = phase == .ready
        phase = .dead
        if wasReady { sendLastBytes() }
        transport.isClosed = true
        loginState.signing?.cancel()
        loginTimer.cancel()
        pingTimer.cancel()
        openTimer.cancel()
        listenTimer.cancel()
        let (relays, pumps, listens, listeners) = (relays, pumps, listens, listeners)
        self.relays = []
        self.pumps = []
        self.listens = []
        self.listeners = []
        control = nil
        spare = nil
        closing = []
        cancelling = []
        failOpenings(cause)
        for relay in relays { relay.sessionLost() }
        for pump in pumps { pump.sessionLost() }
        for listen in listens { listen.completion(.failure(cause)) }
        for listener in listeners { listener.isLost = true }
        channel.close(promise: nil)
        delegate?.sessionEnded(self, cause)
    }

    private func sendLastBytes() {
        guard channel.isActive, transport.outboundBytes > 0 else { return }
        channel.writeAndFlush(transport.takeOutbound(channel.allocator), promise: nil)
    }
}

@available(*, unavailable)
extension SSHSession: Sendable {}
