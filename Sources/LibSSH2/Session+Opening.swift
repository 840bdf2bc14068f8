import CLibSSH2

/// A channel open under way. Its arguments live here: a repeated call must be the identical one.
final class PendingOpen {
    let type: String
    let window: UInt32
    /// Allocated once, so that every repeat passes the same pointer.
    let message: UnsafeMutableBufferPointer<CChar>

    init(type: String, window: UInt32, message bytes: [UInt8]) {
        self.type = type
        self.window = window
        message = .allocate(capacity: bytes.count)
        _ = message.initialize(from: bytes.lazy.map { CChar(bitPattern: $0) })
    }

    deinit { message.deallocate() }
}

/// An open beside others, on a libssh2 with our patches. Ends with `SSHChannel`, a refusal or `abandon`.
public final class ChannelOpening {
    private let raw: OpaquePointer
    private let session: Session
    private var isOver = false

    init(raw: OpaquePointer, session: Session) {
        self.raw = raw
        self.session = session
    }

    /// Does not touch the transport when the answer is there already.
    /// - Throws: `channelFailure` when the far side refused; the session goes on unless the error ends it.
    public func poll() throws(LibSSH2Error) -> Progress<SSHChannel> {
        precondition(!isOver, "an open is polled after its end")
        let result = session.drive { libssh2_channel_open_poll(raw) }
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        isOver = true
        if result == 0 { return .done(SSHChannel(raw: raw, session: session, isAccepted: false)) }
        let error = refusal(result)
        _ = libssh2_channel_free(raw)
        throw error
    }

    /// Gives the open up. A channel that is confirmed later is closed by the library.
    public func abandon() {
        guard !isOver else { return }
        isOver = true
        _ = libssh2_channel_free(raw)
    }

    /// With the server's own words, which are untrusted text (RFC 4254 section 5.1).
    private func refusal(_ result: Int32) -> LibSSH2Error {
        let error = session.failure(result, "channel open")
        var reason: UInt32 = 0
        var text: UnsafePointer<CChar>?
        var length = 0
        guard error.code == .channelFailure, libssh2_channel_open_failure(raw, &reason, &text, &length) == 0 else {
            return error
        }
        let words = UnsafeRawBufferPointer(start: text, count: min(length, 256))
        return LibSSH2Error(
            code: .channelFailure, message: String(decoding: words, as: UTF8.self),
            isProhibited: reason == ChannelOpening.prohibited)
    }

    /// SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254 section 5.1).
    private static let prohibited: UInt32 = 1
}

@available(*, unavailable)
extension ChannelOpening: Sendable {}

/// Opening channels. A stock libssh2 has one slot per session (`session->open_state`, channel.c); a second open with
/// other arguments would be answered with the first one's channel. So an open is started once, and only polled after
/// that.
extension Session {
    /// Largest CHANNEL_DATA payload that we accept, OpenSSH's own choice (channels.h, CHAN_TCP_PACKET_DEFAULT).
    static let packetSize: UInt32 = 32_768

    /// The first window of such a channel, where reading leaves the window to us: what a target that speaks
    /// first sends then comes with the answer to the open, and not a round trip later. No more than the smallest window
    /// of a relay.
    static let firstWindow: UInt32 = LibSSH2Library.hasManualWindow ? 65_536 : 0

    public var isOpening: Bool { pendingOpen != nil }

    /// Begins a channel that leads somewhere. Its window is 0: nothing flows before `SSHChannel.grant`.
    public func startOpening(_ target: ChannelTarget) {
        start(PendingOpen(type: target.type, window: 0, message: target.message))
    }

    /// The same beside other opens, where `LibSSH2Library.opensInParallel`. What comes before `SSHChannel.grant` is at
    /// most `firstWindow`.
    /// - Throws: when the session is dead or memory is short.
    public func open(_ target: ChannelTarget) throws(LibSSH2Error) -> ChannelOpening {
        let message = target.message.map { CChar(bitPattern: $0) }
        let type = target.type
        guard
            let channel = libssh2_channel_open_start(
                raw, type, UInt32(type.utf8.count), Self.firstWindow, Self.packetSize, message, UInt32(message.count))
        else { throw failure(lastErrorCode, "channel open") }
        return ChannelOpening(raw: channel, session: self)
    }

    /// Begins a session channel (RFC 4254 section 6.1). With a small window of its own: nobody reads much from it.
    public func startOpeningSessionChannel() {
        start(PendingOpen(type: "session", window: 65_536, message: []))
    }

    /// Begins to open a channel of a type that no server knows: its refusal is a sign of life, where no session channel
    /// may be opened (MaxSessions 0) that could be pinged.
    public func startOpeningPing() {
        start(PendingOpen(type: "ping@fwd", window: 0, message: []))
    }

    private func start(_ open: PendingOpen) {
        precondition(pendingOpen == nil, "one open at a time per session")
        pendingOpen = open
    }

    /// - Throws: `channelFailure` when the far side refused; the session goes on unless the error ends it.
    public func pollOpen() throws(LibSSH2Error) -> Progress<SSHChannel> {
        guard let open = pendingOpen else { preconditionFailure("pollOpen without a start") }
        var channel: OpaquePointer?
        let result = drive {
            channel = libssh2_channel_open_ex(
                raw, open.type, UInt32(open.type.utf8.count), open.window, Self.packetSize, open.message.baseAddress,
                UInt32(open.message.count))
            return channel == nil ? lastErrorCode : 0
        }
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        pendingOpen = nil
        guard let channel else { throw failure(result, "channel open") }
        return .done(SSHChannel(raw: channel, session: self, isAccepted: false))
    }

    /// Gives the slot free although the far side has not answered. The open must be older than a second (libssh2 counts
    /// whole ones). If it was answered after all, the channel is returned. The far side may keep a channel that nobody
    /// owns: see `abandonedOpens`.
    public func abandonOpen() throws(LibSSH2Error) -> SSHChannel? {
        libssh2_session_set_read_timeout(raw, 1)
        defer { libssh2_session_set_read_timeout(raw, Self.unlimitedReadTimeout) }
        do throws(LibSSH2Error) {
            if case .done(let channel) = try pollOpen() { return channel }
            return nil
        } catch {
            guard error.code == .timeout else { throw error }
            abandonedOpens += 1
            return nil
        }
    }
}

extension [UInt8] {
    /// `uint32`, big endian (RFC 4251 section 5).
    mutating func appendUInt32(_ value: UInt32) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// `string` (RFC 4251 section 5).
    mutating func appendSSHString(_ text: String) {
        appendUInt32(UInt32(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
