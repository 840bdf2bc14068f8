import CLibSSH2
import Glibc

/// An authentication under way. Its arguments live here, since libssh2 wants the same ones at every repeat.
final class PendingLogin {
    enum Signing {
        case notAsked
        case asked(SignatureRequest)
        /// The request was handed out; its answer has not come.
        case awaited
        case answered([UInt8])
        case refused
    }

    let user: String
    let method: LoginMethod
    let rsaSignatures: [String]
    var signing = Signing.notAsked
    /// The server's algorithms are looked at before an RSA key file is used.
    var isProbing: Bool
    /// Rounds of questions (keyboard-interactive).
    fileprivate(set) var rounds = 0
    /// Why the callback has refused to sign, where it has.
    var refusal: LibSSH2Error?

    init(user: String, method: LoginMethod, rsaSignatures: [String], isProbing: Bool) {
        self.user = user
        self.method = method
        self.rsaSignatures = rsaSignatures
        self.isProbing = isProbing
    }

    /// Nothing is to be gained from calling libssh2 again before the signature is there.
    var isWaitingForSignature: Bool {
        switch signing {
        case .asked, .awaited: true
        case .notAsked, .answered, .refused: false
        }
    }

    /// LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC. It may answer EAGAIN as often as it likes: libssh2 keeps its state and calls
    /// again with the same data (userauth.c, _libssh2_userauth_publickey).
    func sign(_ data: UnsafeRawBufferPointer) -> Result<[UInt8], CallbackAnswer> {
        switch signing {
        case .notAsked:
            let bytes = Array(data)
            guard let algorithm = Self.algorithm(in: bytes), !isProbing else { return .failure(.refuse) }
            if algorithm == "ssh-rsa" {
                refusal = .sha1
                return .failure(.refuse)
            }
            signing = .asked(SignatureRequest(data: bytes, algorithm: algorithm))
            return .failure(.later)
        case .asked, .awaited: return .failure(.later)
        case .answered(let signature): return .success(signature)
        case .refused: return .failure(.refuse)
        }
    }

    enum CallbackAnswer: Error {
        case later, refuse
    }

    /// The signed data (RFC 4252 section 7): string session id, byte 50, strings user, service and method, boolean,
    /// string algorithm. The callback is not told the algorithm in another way.
    private static func algorithm(in data: [UInt8]) -> String? {
        var rest = data[...]
        func string() -> ArraySlice<UInt8>? {
            guard rest.count >= 4 else { return nil }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard length <= rest.count else { return nil }
            defer { rest = rest.dropFirst(length) }
            return rest.prefix(length)
        }
        guard string() != nil, rest.popFirst() == 50, string() != nil, string() != nil, string() != nil,
            rest.popFirst() == 1, let name = string()
        else { return nil }
        let algorithm = String(decoding: name, as: UTF8.self)
        // A certificate is signed for with its key's algorithm (OpenSSH PROTOCOL.certkeys).
        let suffix = "-cert-v01@openssh.com"
        return algorithm.hasSuffix(suffix) ? String(algorithm.dropLast(suffix.count)) : algorithm
    }
}

extension PendingLogin {
    typealias SignCallback =
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
            UnsafePointer<UInt8>?, Int, TransportContext.ContextPointer?
        ) -> Int32

    /// libssh2 frees the signature with free(3).
    static let signCallback: SignCallback = { _, signature, length, data, count, context in
        guard let raw = context?.pointee, let data, let signature, let length else { return -1 }
        let login = Unmanaged<PendingLogin>.fromOpaque(raw).takeUnretainedValue()
        switch login.sign(UnsafeRawBufferPointer(start: data, count: count)) {
        case .success(let bytes):
            guard let memory = malloc(max(1, bytes.count)) else { return LIBSSH2_ERROR_ALLOC }
            memory.copyMemory(from: bytes, byteCount: bytes.count)
            signature.pointee = memory.assumingMemoryBound(to: UInt8.self)
            length.pointee = bytes.count
            return 0
        case .failure(.later): return LIBSSH2_ERROR_EAGAIN
        case .failure(.refuse): return -1
        }
    }

    typealias PromptCallback =
        @convention(c) (
            UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, Int32,
            UnsafePointer<LIBSSH2_USERAUTH_KBDINT_PROMPT>?, UnsafeMutablePointer<LIBSSH2_USERAUTH_KBDINT_RESPONSE>?,
            TransportContext.ContextPointer?
        ) -> Void

    /// LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC: synchronous, so the answer lies ready. It cannot refuse: what is not
    /// answered is sent as an empty response.
    static let promptCallback: PromptCallback = { _, _, _, _, count, prompts, responses, context in
        TransportContext.of(context)?.promptedLogin?.rounds += 1
        guard count == 1, let prompts, let responses, prompts[0].echo == 0,
            let login = TransportContext.of(context)?.promptedLogin, let answer = login.takeAnswer()
        else { return }
        let bytes = Array(answer.utf8)
        guard let memory = malloc(max(1, bytes.count)) else { return }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        responses[0].text = memory.assumingMemoryBound(to: CChar.self)
        responses[0].length = UInt32(bytes.count)
    }

    /// Given once: a server that asks again has refused it, or asks for something else.
    private func takeAnswer() -> String? {
        guard case .keyboardInteractive(let answer) = method, case .notAsked = signing else { return nil }
        signing = .refused
        return answer
    }
}
