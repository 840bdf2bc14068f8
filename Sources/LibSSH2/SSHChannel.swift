import CLibSSH2

/// One channel of a session. It keeps its session alive.
///
/// Its owner must `close` it (and repeat that while pending), unless the session is dead: then `Session` frees all.
public final class SSHChannel {
    public enum ReadResult: Sendable {
        case bytes(Int)
        /// Nothing there now, or the window is used up until `grant`.
        case empty
        /// EOF (or CLOSE) from the far side, and everything before it was read.
        case endOfFile
    }

    private let raw: OpaquePointer
    private let session: Session
    /// A stock libssh2 re-opens the window by itself when less than three quarters of the first one (plus the read's
    /// length) are left (channel.c, _libssh2_channel_read). An opened channel starts with 0 there and so never does; of
    /// an accepted one, which starts with 2 MiB, this much must stay untouched.
    public let reservedWindow: Int
    /// A write that libssh2 has taken over in a rekey: it must be repeated with exactly this length.
    private var latchedWrite: Int?
    private var latchedGrant: UInt32?
    private var owedGrant: UInt32 = 0
    private var isClosed = false

    init(raw: OpaquePointer, session: Session, isAccepted: Bool) {
        self.raw = raw
        self.session = session
        var initial: UInt = 0
        let isManual = libssh2_channel_manual_window(raw, 1) == 0
        if isAccepted, !isManual { libssh2_channel_window_read_ex(raw, nil, &initial) }
        reservedWindow = Int(initial) / 4 * 3
        // Data of the second stream (stderr) that nobody reads would lie in the session's one packet list, hide the EOF
        // and slow every channel down.
        libssh2_channel_handle_extended_data2(raw, LIBSSH2_CHANNEL_EXTENDED_DATA_MERGE)
    }

    // MARK: - Reading

    /// Whether data lies ready; does not touch the transport.
    public var isReadable: Bool { !isClosed && libssh2_poll_channel_read(raw, 1) != 0 }

    /// EOF or CLOSE has come, and no data is queued; does not touch the transport.
    public var isAtEnd: Bool { isClosed || libssh2_channel_eof(raw) != 0 }

    /// CLOSE has come. Meaningful once `isAtEnd`.
    public var isClosedByPeer: Bool { isClosed || libssh2_channel_wait_closed(raw) == 0 }

    /// How many bytes may be read before the window is used up.
    public var readableWindow: Int {
        isClosed ? 0 : max(0, Int(libssh2_channel_window_read_ex(raw, nil, nil)) - reservedWindow)
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(LibSSH2Error) -> ReadResult {
        let length = min(buffer.count, readableWindow)
        guard length > 0 else { return isAtEnd ? .endOfFile : .empty }
        let result = session.drive {
            Int32(libssh2_channel_read_ex(raw, 0, buffer.bindMemory(to: CChar.self).baseAddress, length))
        }
        if result > 0 { return .bytes(Int(result)) }
        if result == LIBSSH2_ERROR_EAGAIN { return .empty }
        try session.check(result, "channel read")
        return isAtEnd ? .endOfFile : .empty
    }

    /// Reads nothing, but lets libssh2 take in all input of the session.
    public func pump() throws(LibSSH2Error) {
        guard !isClosed else { return }
        var nothing: CChar = 0
        let result = session.driveUntilEmpty { Int32(libssh2_channel_read_ex(raw, 0, &nothing, 0)) }
        if result != LIBSSH2_ERROR_EAGAIN { try session.check(result, "reading") }
    }

    /// Allows the far side to send `count` more bytes. May stay owed during a rekey: see `settleGrant`.
    public func grant(_ count: Int) throws(LibSSH2Error) {
        guard !isClosed else { return }
        owedGrant += UInt32(count)
        try settleGrant()
    }

    /// Sends credit that is still owed. Call it after every pump while `owesGrant`.
    public func settleGrant() throws(LibSSH2Error) {
        while !isClosed, owedGrant > 0 || latchedGrant != nil {
            let amount = latchedGrant ?? owedGrant
            if latchedGrant == nil { owedGrant = 0 }
            latchedGrant = amount
            let result = session.drive { libssh2_channel_receive_window_adjust2(raw, UInt(amount), 1, nil) }
            if result == LIBSSH2_ERROR_EAGAIN { return }
            latchedGrant = nil
            try session.check(result, "window adjust")
        }
    }

    public var owesGrant: Bool { owedGrant > 0 || latchedGrant != nil }

    /// Granted, and not on its way yet.
    public var owedBytes: Int { Int(owedGrant) + Int(latchedGrant ?? 0) }

    // MARK: - Writing

    /// What one `write` sends as one message, where the window and the far side's packet size have room for it
    /// (channel.c, _libssh2_channel_write).
    public static let longestWrite = 32_700

    /// What the far side allows us to send, now and at the beginning.
    public var writableWindow: Int { isClosed ? 0 : Int(libssh2_channel_window_write_ex(raw, nil)) }
    public var firstWritableWindow: Int {
        guard !isClosed else { return 0 }
        var initial: UInt = 0
        libssh2_channel_window_write_ex(raw, &initial)
        return Int(initial)
    }

    /// Bytes written for which the far side has not opened its window again: on their way, or not taken by its target.
    public var bytesInFlight: Int {
        guard !isClosed else { return 0 }
        var initial: UInt = 0
        let left = libssh2_channel_window_write_ex(raw, &initial)
        return max(0, Int(initial) - Int(left))
    }

    /// Writes some of `bytes` and says how many. Pending: no window, or a rekey; repeat with the same bytes (more may
    /// have been appended). A latched write is repeated with its own length, never a shorter one: libssh2 would send
    /// memory behind the buffer.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(LibSSH2Error) -> Progress<Int> {
        try checkOpen()
        let length = latchedWrite ?? bytes.count
        precondition(length <= bytes.count, "a latched write of \(length) bytes repeated with \(bytes.count)")
        let result = session.drive {
            Int32(libssh2_channel_write_ex(raw, 0, bytes.bindMemory(to: CChar.self).baseAddress, length))
        }
        if result == LIBSSH2_ERROR_EAGAIN {
            latchedWrite = libssh2_channel_window_write_ex(raw, nil) > 0 ? length : nil
            return .pending
        }
        latchedWrite = nil
        try session.check(result, "channel write")
        return .done(Int(result))
    }

    /// Sends CHANNEL_EOF. Repeat while pending.
    public func sendEOF() throws(LibSSH2Error) -> Progress<Void> {
        try checkOpen()
        return try progress(session.drive { libssh2_channel_send_eof(raw) }, "channel eof")
    }

    /// Sends CHANNEL_CLOSE and waits for the peer's. Repeat while pending; nothing else may be called any more.
    public func close() throws(LibSSH2Error) -> Progress<Void> {
        guard !isClosed else { return .done(()) }
        let result = session.drive { libssh2_channel_free(raw) }
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        isClosed = true
        try session.check(result, "channel close")
        return .done(())
    }

    // MARK: - Requests

    /// Asks for `NAME=` in the channel's environment, which makes no sense on purpose: sshd answers with a failure, in
    /// one round trip and without a trace. This is our ping (never use libssh2's keepalive with want_reply: its answer
    /// is taken for that of the next tcpip-forward). Repeat while pending; one at a time per channel.
    public func ping() throws(LibSSH2Error) -> Progress<Void> {
        try checkOpen()
        let name = "X"
        return try progress(session.drive { libssh2_channel_setenv_ex(raw, name, 1, "", 0) }, "ping", orDenied: true)
    }

    /// Asks for `command` to be executed (RFC 4254 section 6.5). Repeat while pending.
    /// - Throws: `channelRequestDenied` where the account may not execute anything.
    public func execute(_ command: String) throws(LibSSH2Error) -> Progress<Void> {
        let result = session.drive {
            libssh2_channel_process_startup(raw, "exec", 4, command, UInt32(command.utf8.count))
        }
        return try progress(result, "exec")
    }

    /// The handle is libssh2's no longer.
    private func checkOpen() throws(LibSSH2Error) {
        if isClosed { throw LibSSH2Error(code: .channelClosed, message: "the channel is closed") }
    }

    private func progress(
        _ result: Int32, _ what: String, orDenied: Bool = false
    ) throws(LibSSH2Error) -> Progress<Void> {
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        if orDenied, result == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED { return .done(()) }
        try session.check(result, what)
        return .done(())
    }
}

@available(*, unavailable)
extension SSHChannel: Sendable {}
