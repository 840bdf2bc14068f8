/// Something that happened on a connection of a `HandshakingServer`.
public struct HandshakingEvent: Equatable, Sendable {
    /// Counted from 0 in the order of arrival.
    public let connection: Int
    public let happening: Happening

    public enum Happening: Equatable, Sendable {
        case opened
        /// The client's identification line.
        case identified(String)
        /// The keys of a first or later exchange are in use on both sides. With the host key that the server showed.
        case keysExchanged(isRekey: Bool, hostKeyAlgorithm: String, fingerprint: String)
        case serviceRequest(String)
        case authenticationRequest(AuthenticationRequest)
        /// What the client answered to the prompts of keyboard-interactive.
        case answers([String])
        case authenticationResult(AuthenticationResult)
        /// With the target "host:port" of a direct-tcpip channel.
        case channelOpen(String, target: String?)
        case channelRequest(String)
        case globalRequest(String)
        /// The scenario has come to its point: from here on the server does what its scenario says.
        case misbehaved
        /// How much of a flood the client's kernel has taken by now; told every megabyte.
        case flooded(bytes: Int)
        /// The client's SSH_MSG_DISCONNECT.
        case disconnected(code: Int, reason: String)
        case ended(End)
    }

    public struct AuthenticationRequest: Equatable, Decodable, Sendable {
        public let user: String
        /// `none`, `publickey`, `password` or `keyboard-interactive`.
        public let method: String
        /// Whether a publickey request has a signature. One without only asks whether the key would do.
        public let isSigned: Bool
        /// The algorithm of a publickey request, which for RSA and for certificates is not the type of the key.
        public let algorithm: String?
        /// The SHA256 fingerprint of the key, or of the whole certificate.
        public let fingerprint: String?
        /// The algorithm that the signature itself names.
        public let signatureAlgorithm: String?
        public let password: String?
        /// Whether a password request also has a new password.
        public let isPasswordChange: Bool
    }

    public enum AuthenticationResult: String, Sendable {
        case success
        case failure
        case partialSuccess
    }

    public enum End: Equatable, Sendable {
        case closedByClient
        case resetByClient
        /// As the scenario says.
        case endedByServer
        /// The client broke the protocol, or the server has a fault.
        case failed(String)
    }
}
