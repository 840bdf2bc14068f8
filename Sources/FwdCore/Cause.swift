/// What the answer to a failure is: this alone decides between fast retry and waiting for a person.
public enum FailureClass: String, Codable, Sendable {
    /// It may heal by itself (network, server restart): exponential backoff.
    case retry
    /// Only a person can mend it (host key, credentials, configuration): shouted, re-checked slowly.
    case needsOperator
    /// Our own fault: reported as such, treated like `retry`.
    case bug
}

/// Why something is not up: a short, bounded word for metrics and a sentence for people.
public struct Cause: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The closed list of reasons. It is the value set of the `reason` label in the metrics.
    public enum Reason: String, Codable, Sendable, CaseIterable {
        /// The name of the gateway could not be resolved.
        case dns
        /// No address of the gateway accepted a TCP connection.
        case connect
        /// The SSH version or key exchange failed.
        case handshake
        /// The peer broke the SSH protocol in a way that we refuse to hand to libssh2.
        case `protocol`
        /// The server's key is not one of the pins.
        case hostKey
        /// No credential was accepted.
        case auth
        /// A key file or another secret cannot be used (missing, unreadable, open to others, wrong passphrase).
        case identity
        /// The ssh-agent did not answer, or refused to sign.
        case agent
        /// The gateway that this one is reached through is not up.
        case jump
        /// The peer closed or reset an established session.
        case lost
        /// No sign of life within the liveness deadline, or a step took too long.
        case timeout
        /// The local listener could not be bound.
        case bind
        /// The far side refused to listen.
        case remoteListen
        /// The port at the far side is in use by somebody else.
        case portInUse
        /// The port at the far side is still held by an earlier session of ours that its server has not given up.
        case stalePort
        /// The forward's probe got no answer, or not the right one.
        case probe
        /// A limit of this process was reached (descriptors).
        case limit
        /// The far side refused or failed to reach the target.
        case target
        /// The far side does not allow connections to the target.
        case forbidden
        /// The definition itself is wrong.
        case config
        /// An operator asked for it.
        case requested
        /// Something that must not happen did.
        case `internal`
    }

    public let reason: Reason
    public let failureClass: FailureClass
    /// One sentence without the subject ("connection refused by 192.0.2.1:22").
    public let message: String

    /// A cause that may heal by itself.
    public init(_ reason: Reason, _ message: String) {
        self.init(reason, .retry, message)
    }

    public init(_ reason: Reason, _ failureClass: FailureClass, _ message: String) {
        self.reason = reason
        self.failureClass = failureClass
        self.message = message
    }

    public var description: String { message }
}
