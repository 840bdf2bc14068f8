import CLibSSH2

/// One SSH session on memory buffers. Loop-bound: libssh2 allows one thread at a time per session.
///
/// The owner feeds the transport, calls `pump` and the `poll…` functions after every input, and sends what the
/// transport has collected. Nothing here blocks, knows a socket or decides a policy.
public final class Session {
    /// Any descriptor that is not open will do, except -1 (session.c, session_startup): libssh2 only calls fcntl on it.
    private static let noDescriptor: Int32 = -2
    /// libssh2's own timer for every request and reply is in whole seconds and covers authentication too; ours are
    /// finer, so it is put out of the way (11 days).
    static let unlimitedReadTimeout = 1_000_000

    let raw: OpaquePointer
    let context: TransportContext
    private let retainedContext: Unmanaged<TransportContext>

    var pendingOpen: PendingOpen?
    var pendingListen: PendingListen?
    var pendingLogin: PendingLogin?
    /// Whether the server has told its signature algorithms; `nil`: not looked at yet.
    var announcesSHA2: Bool?
    private var acceptedHostKeyHash: [UInt8]?
    /// Opens given up at their deadline: each may leave a channel without owner at the far side.
    public internal(set) var abandonedOpens = 0

    /// - Throws: `LibSSH2Error` when libssh2 cannot allocate a session.
    public init(transport: any SessionTransport) throws(LibSSH2Error) {
        try LibSSH2Library.initialise()
        context = TransportContext(transport: transport)
        retainedContext = Unmanaged.passRetained(context)
        guard let raw = libssh2_session_init_ex(nil, nil, nil, retainedContext.toOpaque()) else {
            retainedContext.release()
            throw LibSSH2Error(code: .init(rawValue: LIBSSH2_ERROR_ALLOC), message: "no memory for a session")
        }
        self.raw = raw
        libssh2_session_set_blocking(raw, 0)
        libssh2_session_set_read_timeout(raw, Self.unlimitedReadTimeout)
        // Credit for accepted channels is given by hand too, as for those that we open.
        libssh2_session_set_forwarded_window(raw, 0)
        context.install(on: raw)
    }

    /// The transport must say that it is closed by now, else libssh2 would wait for answers that nobody reads.
    deinit {
        precondition(context.transport.isClosed, "a session ends after its transport")
        libssh2_session_free(raw)
        retainedContext.release()
    }

    // MARK: - Handshake

    public enum Method: Sendable {
        case keyExchange, hostKey, cipher, mac, signature

        fileprivate var codes: [Int32] {
            switch self {
            case .keyExchange: [LIBSSH2_METHOD_KEX]
            case .hostKey: [LIBSSH2_METHOD_HOSTKEY]
            case .cipher: [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC]
            case .mac: [LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC]
            case .signature: [LIBSSH2_METHOD_SIGN_ALGO]
            }
        }
    }

    /// Sets what may be negotiated, best first.
    /// - Throws: if libssh2 knows none of the names (it would silently keep its defaults).
    public func prefer(_ names: [String], for method: Method) throws(LibSSH2Error) {
        for code in method.codes {
            try check(libssh2_session_method_pref(raw, code, names.joined(separator: ",")), "setting \(method)")
        }
    }

    public enum HandshakeStep: Sendable {
        case pending
        /// The keys are exchanged and the server's signature was checked; nothing encrypted has been read. The owner
        /// compares `hostKey` with its pins and calls `acceptHostKey`, or drops the connection.
        case hostKeyOffered
        case done
    }

    /// Advances version exchange, key exchange and the request for ssh-userauth.
    public func handshake() throws(LibSSH2Error) -> HandshakeStep {
        let result = drive { libssh2_session_handshake(raw, Self.noDescriptor) }
        if result == 0 { return .done }
        if result == LIBSSH2_ERROR_EAGAIN {
            if let violation = context.violation { throw violation }
            return context.filter?.isHeld == true ? .hostKeyOffered : .pending
        }
        throw failure(result, "key exchange")
    }

    /// Lets encrypted packets through to libssh2.
    public func acceptHostKey() {
        acceptedHostKeyHash = hostKeyHash.map(Array.init)
        context.filter = nil
    }

    /// Whether the server has come with another key in a later key exchange than the one that was accepted: libssh2
    /// checks the new key's signature, but not that it is the same key.
    public var hasChangedHostKey: Bool {
        guard let accepted = acceptedHostKeyHash, let present = hostKeyHash else { return false }
        return !present.elementsEqual(accepted)
    }

    /// Valid until the next call into libssh2.
    private var hostKeyHash: UnsafeBufferPointer<UInt8>? {
        libssh2_hostkey_hash(raw, LIBSSH2_HOSTKEY_HASH_SHA256).map { hash in
            UnsafeBufferPointer(start: UnsafeRawPointer(hash).assumingMemoryBound(to: UInt8.self), count: 32)
        }
    }

    /// The host key algorithms in the server's KEXINIT, before `acceptHostKey`; untrusted text.
    public var offeredHostKeyAlgorithms: [String] { context.filter?.offeredHostKeyAlgorithms ?? [] }

    /// The server's public key in SSH's binary form (RFC 4253 section 6.6).
    public var hostKey: [UInt8]? {
        var length = 0
        var type: Int32 = 0
        guard let key = libssh2_session_hostkey(raw, &length, &type) else { return nil }
        return Array(UnsafeRawBufferPointer(start: key, count: length))
    }

    /// Whether the server says that it is an OpenSSH, whose ways beyond the protocol are known.
    public var isServerOpenSSH: Bool { serverVersion.hasPrefix("SSH-2.0-OpenSSH_") }

    /// The server's identification string, without line end; untrusted text.
    public var serverVersion: String {
        libssh2_session_banner_get(raw).map { String(cString: $0) } ?? ""
    }

    public struct Negotiated: Hashable, Sendable {
        public let keyExchange, hostKey, cipherIn, cipherOut, macIn, macOut: String
    }

    public var negotiated: Negotiated {
        func name(_ method: Int32) -> String {
            libssh2_session_methods(raw, method).map { String(cString: $0) } ?? ""
        }
        return Negotiated(
            keyExchange: name(LIBSSH2_METHOD_KEX), hostKey: name(LIBSSH2_METHOD_HOSTKEY),
            cipherIn: name(LIBSSH2_METHOD_CRYPT_SC), cipherOut: name(LIBSSH2_METHOD_CRYPT_CS),
            macIn: name(LIBSSH2_METHOD_MAC_SC), macOut: name(LIBSSH2_METHOD_MAC_CS))
    }

    /// What the server said when it ended the session (SSH_MSG_DISCONNECT, RFC 4253 section 11.1); untrusted text.
    public var disconnectMessage: String? { context.disconnectMessage }

    /// What the server remarked since this was asked last (SSH_MSG_DEBUG, RFC 4253 section 11.3): sshd tells there why it
    /// opens no tunnel. Untrusted text, the newest last.
    public func takeDebugMessages() -> [String] { context.takeDebugMessages() }

    // MARK: - Calling libssh2

    /// Repeats `call` until it is done or libssh2 has really asked for input and found none.
    /// - Parameter isBlocked: whether it waits for something else than input.
    func drive(_ call: () -> Int32, unless isBlocked: () -> Bool = { false }) -> Int32 {
        // Each round eats at least one packet of bounded input, or asks for input; the bound only guards our own logic.
        for _ in 0..<1_000_000 {
            context.sawEmpty = false
            let result = call()
            if result != LIBSSH2_ERROR_EAGAIN || context.sawEmpty || isBlocked() { return result }
        }
        return LIBSSH2_ERROR_EAGAIN
    }

    /// The same for a call that may also answer 0 while input is left.
    func driveUntilEmpty(_ call: () -> Int32) -> Int32 {
        for _ in 0..<1_000_000 {
            context.sawEmpty = false
            let result = call()
            if context.sawEmpty || (result < 0 && result != LIBSSH2_ERROR_EAGAIN) { return result }
        }
        return LIBSSH2_ERROR_EAGAIN
    }

    func check(_ result: Int32, _ what: String) throws(LibSSH2Error) {
        if result < 0 { throw failure(result, what) }
    }

    /// The error for `result`. Call it at once: libssh2 keeps only the last text.
    func failure(_ result: Int32, _ what: String) -> LibSSH2Error {
        if let violation = context.violation { return violation }
        var text: UnsafeMutablePointer<CChar>?
        let last = libssh2_session_last_error(raw, &text, nil, 0)
        let reason = last == result ? text.map { String(cString: $0) } ?? "" : ""
        return LibSSH2Error(code: .init(rawValue: result), message: reason.isEmpty ? "\(what) failed" : reason)
    }

    /// The code of the last error, for calls that answer NULL.
    var lastErrorCode: Int32 { libssh2_session_last_errno(raw) }
}

@available(*, unavailable)
extension Session: Sendable {}
