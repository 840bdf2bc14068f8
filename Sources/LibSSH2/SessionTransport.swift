import CLibSSH2
import Glibc

/// The memory buffers between a session and whoever owns the TCP connection. libssh2 never sees a socket.
public protocol SessionTransport: AnyObject {
    /// Takes all of `bytes`, always: a send that takes a part can deadlock libssh2 1.11.1 in a rekey (its issue 2110).
    /// Bounding what is queued is the caller's work, before it asks the session to write.
    func send(_ bytes: UnsafeRawBufferPointer)

    /// Shows everything received and not yet consumed; `body` returns how many bytes it consumed.
    func withReceived(_ body: (UnsafeRawBufferPointer) -> Int)

    /// The connection is gone: the session must not wait for more.
    var isClosed: Bool { get }
}

/// What libssh2's callbacks get as their context: the transport, the plaintext filter and "was the input empty".
///
/// It is owned by its `Session` and outlives the `LIBSSH2_SESSION`, so that an unretained pointer to it is sound.
final class TransportContext {
    let transport: any SessionTransport
    /// Set when a RECV was answered with "nothing there". Only this proves that libssh2 has seen all input: with
    /// ChaCha20 it may answer EAGAIN without having asked (transport.c, REQUIRES_FULL_PACKET).
    var sawEmpty = false
    /// `nil` once the plaintext phase is over and the host key was accepted.
    var filter: PlaintextFilter? = PlaintextFilter()
    var violation: LibSSH2Error?
    var disconnectMessage: String?
    /// The last ones, the newest last.
    private(set) var debugMessages: [String] = []
    /// The login whose prompts are to be answered.
    var promptedLogin: PendingLogin?

    init(transport: any SessionTransport) {
        self.transport = transport
    }

    /// Our choice: what a server says about a refusal, with what comes in the same breath.
    private static let debugLimit = 8

    private func debugged(_ message: UnsafeRawBufferPointer) {
        debugMessages.append(String(decoding: message.prefix(256), as: UTF8.self))
        if debugMessages.count > Self.debugLimit { debugMessages.removeFirst() }
    }

    func takeDebugMessages() -> [String] {
        defer { debugMessages = [] }
        return debugMessages
    }

    /// LIBSSH2_RECV_FUNC: bytes read, or a negative errno.
    func receive(into target: UnsafeMutableRawBufferPointer) -> Int {
        if violation != nil { return -Int(ECONNRESET) }
        var taken = 0
        transport.withReceived { received in
            taken = min(admitted(of: received), target.count)
            if taken > 0 { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: received[..<taken])) }
            filter?.consumed(taken)
            return taken
        }
        if taken > 0 { return taken }
        if violation != nil || transport.isClosed { return -Int(ECONNRESET) }
        sawEmpty = true
        return -Int(EAGAIN)
    }

    private func admitted(of received: UnsafeRawBufferPointer) -> Int {
        guard filter != nil else { return received.count }
        do {
            return try filter?.admit(received) ?? received.count
        } catch {
            violation = LibSSH2Error(code: .filtered, message: error.message)
            return 0
        }
    }

    /// LIBSSH2_SEND_FUNC.
    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        if transport.isClosed { return -Int(EPIPE) }
        transport.send(bytes)
        return bytes.count
    }

    /// Makes libssh2 call `receive` and `send`.
    func install(on session: OpaquePointer) {
        let receive: @convention(c) (Int32, UnsafeMutableRawPointer?, Int, Int32, ContextPointer?) -> Int = {
            _, buffer, length, _, context in
            guard let context = TransportContext.of(context), let buffer else { return -Int(EINVAL) }
            return context.receive(into: UnsafeMutableRawBufferPointer(start: buffer, count: length))
        }
        let send: @convention(c) (Int32, UnsafeRawPointer?, Int, Int32, ContextPointer?) -> Int = {
            _, buffer, length, _, context in
            guard let context = TransportContext.of(context), let buffer else { return -Int(EINVAL) }
            return context.send(UnsafeRawBufferPointer(start: buffer, count: length))
        }
        let disconnect: DisconnectCallback = { _, _, message, length, _, _, context in
            guard let context = TransportContext.of(context), let message, length > 0 else { return }
            let bytes = UnsafeRawBufferPointer(start: message, count: min(Int(length), 512))
            context.disconnectMessage = String(decoding: bytes, as: UTF8.self)
        }
        let debug: DebugCallback = { _, _, message, length, _, _, context in
            guard let context = TransportContext.of(context), let message, length > 0 else { return }
            context.debugged(UnsafeRawBufferPointer(start: message, count: Int(length)))
        }
        // libssh2_session_callback_set2 takes every callback as `void (*)(void)`.
        typealias Generic = @convention(c) () -> Void
        libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_RECV, unsafeBitCast(receive, to: Generic.self))
        libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_SEND, unsafeBitCast(send, to: Generic.self))
        libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_DEBUG, unsafeBitCast(debug, to: Generic.self))
        libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_DISCONNECT, unsafeBitCast(disconnect, to: Generic.self))
    }

    /// LIBSSH2_DEBUG_FUNC.
    private typealias DebugCallback =
        @convention(c) (
            OpaquePointer?, Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, ContextPointer?
        ) -> Void

    /// LIBSSH2_DISCONNECT_FUNC.
    private typealias DisconnectCallback =
        @convention(c) (
            OpaquePointer?, Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, ContextPointer?
        ) -> Void
    typealias ContextPointer = UnsafeMutablePointer<UnsafeMutableRawPointer?>

    static func of(_ pointer: ContextPointer?) -> TransportContext? {
        guard let raw = pointer?.pointee else { return nil }
        return Unmanaged<TransportContext>.fromOpaque(raw).takeUnretainedValue()
    }
}
