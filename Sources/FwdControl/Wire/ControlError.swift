import FwdCore

/// What the control protocol answers instead of a result, and what its client throws: `{"code": …, "message": …}`.
public struct ControlError: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// A word that programs may compare. New ones may be added; treat an unknown one as a failure.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The request cannot be understood (a bad `timeout`, a path that is no socket path).
        public static let badRequest = Code(rawValue: "badRequest")
        /// The body of the request is longer than the protocol allows.
        public static let tooLarge = Code(rawValue: "tooLarge")
        /// No such route, gateway or forward.
        public static let notFound = Code(rawValue: "notFound")
        /// The other end may not talk to this supervisor, or the socket may not be reached.
        public static let permission = Code(rawValue: "permission")
        /// Nothing listens on the socket.
        public static let noSupervisor = Code(rawValue: "noSupervisor")
        /// The socket belongs to a supervisor that is alive.
        public static let anotherSupervisor = Code(rawValue: "anotherSupervisor")
        /// The supervisor is on its way out.
        public static let shuttingDown = Code(rawValue: "shuttingDown")
        /// No answer in time.
        public static let timeout = Code(rawValue: "timeout")
        /// The answer is not what this version of the protocol expects.
        public static let badAnswer = Code(rawValue: "badAnswer")
        /// Something failed that should not.
        public static let `internal` = Code(rawValue: "internal")
    }

    public let code: Code
    /// One sentence for people.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// Whether trying again can help.
    public var failureClass: FailureClass {
        switch code {
        case .shuttingDown, .timeout, .noSupervisor: .retry
        case .internal, .badAnswer: .bug
        default: .needsOperator
        }
    }
}

extension ControlError.Code: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
