import CLibSSH2

/// A tcpip-forward request under way.
final class PendingListen {
    let host: String
    let port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// Remote forwards (RFC 4254 section 7.1). Replies are matched by order only, so there is one request at a time, and
/// nothing else here may ever ask for a global reply (no keepalive with want_reply).
extension Session {
    public var isListening: Bool { pendingListen != nil }

    /// Begins to listen at the far side.
    /// - Parameters:
    ///   - host: the bind address as RFC 4254 has it: "" for all, "localhost" for loopback, or an address.
    ///   - port: 0 lets the far side choose.
    public func startListening(host: String, port: UInt16) {
        precondition(pendingListen == nil, "one tcpip-forward at a time per session")
        pendingListen = PendingListen(host: host, port: port)
    }

    /// - Throws: `requestDenied` when the far side refused (it does not say why).
    public func pollListening() throws(LibSSH2Error) -> Progress<Listener> {
        guard let listen = pendingListen else { preconditionFailure("pollListening without a start") }
        var boundPort: Int32 = 0
        var listener: OpaquePointer?
        let result = drive {
            listener = libssh2_channel_forward_listen_ex(
                raw, listen.host, Int32(listen.port), &boundPort, Listener.queueLimit)
            return listener == nil ? lastErrorCode : 0
        }
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        pendingListen = nil
        guard let listener else { throw failure(result, "tcpip-forward") }
        return .done(Listener(raw: listener, session: self, port: UInt16(clamping: boundPort)))
    }
}

/// A port that the far side listens on for us.
public final class Listener {
    /// Connections that may wait to be accepted: one pump accepts all, so this bounds a burst within one input chunk.
    static let queueLimit: Int32 = 1024

    private let raw: OpaquePointer
    private unowned let session: Session
    /// The port in use at the far side.
    public let port: UInt16
    private var isCancelled = false

    init(raw: OpaquePointer, session: Session, port: UInt16) {
        self.raw = raw
        self.session = session
        self.port = port
    }

    /// The next connection that came in, if any (forwarded-tcpip, RFC 4254 section 7.2). libssh2 has confirmed it
    /// already, with a window of 2 MiB, and does not tell the originator.
    public func accept() throws(LibSSH2Error) -> SSHChannel? {
        guard !isCancelled else { return nil }
        var channel: OpaquePointer?
        let result = session.drive {
            channel = libssh2_channel_forward_accept(raw)
            return channel == nil ? session.lastErrorCode : 0
        }
        if let channel { return SSHChannel(raw: channel, session: session, isAccepted: true) }
        // "Channel not found" is how it says that the queue is empty.
        if result == LIBSSH2_ERROR_EAGAIN || result == LIBSSH2_ERROR_CHANNEL_UNKNOWN || result == 0 { return nil }
        throw session.failure(result, "accepting a forwarded connection")
    }

    /// Stops listening. Channels already accepted go on. Repeat while pending.
    public func cancel() throws(LibSSH2Error) -> Progress<Void> {
        guard !isCancelled else { return .done(()) }
        let result = session.drive { libssh2_channel_forward_cancel(raw) }
        if result == LIBSSH2_ERROR_EAGAIN { return .pending }
        // After any other answer libssh2 has freed the listener.
        isCancelled = true
        try session.check(result, "cancel-tcpip-forward")
        return .done(())
    }
}

@available(*, unavailable)
extension Listener: Sendable {}
