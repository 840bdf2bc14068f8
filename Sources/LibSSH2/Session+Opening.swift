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

/// Opening channels. There is one slot per session (`session->open_state`, channel.c); a second open with other
/// arguments would be answered with the first one's channel. So an open is started once, and only polled after that.
extension Session {
    /// Largest CHANNEL_DATA payload that we accept, OpenSSH's own choice (channels.h, CHAN_TCP_PACKET_DEFAULT).
    static let packetSize: UInt32 = 32_768

    public var isOpening: Bool { pendingOpen != nil }

    /// Begins a direct-tcpip channel (RFC 4254 section 7.2). Its window is 0: nothing flows before `SSHChannel.grant`.
    public func startOpeningDirectTCPIP(host: String, port: UInt16, originator: String, originatorPort: UInt16) {
        var message: [UInt8] = []
        message.appendSSHString(host)
        message.appendUInt32(UInt32(port))
        message.appendSSHString(originator)
        message.appendUInt32(UInt32(originatorPort))
        start(PendingOpen(type: "direct-tcpip", window: 0, message: message))
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
