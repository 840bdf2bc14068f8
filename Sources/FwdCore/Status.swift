/// A point in time on the wall clock, in seconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let secondsSince1970: Double

    public init(secondsSince1970: Double) {
        self.secondsSince1970 = secondsSince1970
    }

    public func advanced(by duration: Duration) -> Timestamp {
        Timestamp(secondsSince1970: secondsSince1970 + duration.inSeconds)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.secondsSince1970 < right.secondsSince1970
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        secondsSince1970 = try decoder.singleValueContainer().decode(Double.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(secondsSince1970)
    }
}

/// The one snapshot that feeds the CLI, readiness and the metrics, so that they cannot disagree.
public struct StatusSnapshot: Hashable, Codable, Sendable {
    public var version: String
    /// Version of the libssh2 in use.
    public var libssh2: String
    public var pid: Int32
    public var startedAt: Timestamp
    public var takenAt: Timestamp
    /// The absolute path of the `forwards.d` in use.
    public var directory: String
    public var configuration: ConfigurationStatus
    /// In byte order of the names.
    public var gateways: [GatewayStatus]

    public init(
        version: String, libssh2: String, pid: Int32, startedAt: Timestamp, takenAt: Timestamp, directory: String,
        configuration: ConfigurationStatus, gateways: [GatewayStatus]
    ) {
        self.version = version
        self.libssh2 = libssh2
        self.pid = pid
        self.startedAt = startedAt
        self.takenAt = takenAt
        self.directory = directory
        self.configuration = configuration
        self.gateways = gateways
    }

    public func forward(_ id: ForwardID) -> ForwardStatus? {
        gateways.first { $0.name == id.gateway }?.forwards.first { $0.name == id.forward }
    }
}

/// How the last (re)load of `forwards.d` went.
public struct ConfigurationStatus: Hashable, Codable, Sendable {
    public var loadedAt: Timestamp
    /// `false` if any file was refused.
    public var isSuccessful: Bool
    /// One rendered line per error, `file:line:column: message`.
    public var errors: [String]
    /// Names of the gateways whose file was refused (they run what they ran before, or nothing).
    public var refusedGateways: [String]

    public init(loadedAt: Timestamp, isSuccessful: Bool, errors: [String], refusedGateways: [String]) {
        self.loadedAt = loadedAt
        self.isSuccessful = isSuccessful
        self.errors = errors
        self.refusedGateways = refusedGateways
    }
}

/// The public name of a gateway's state (see `GatewayStateMachine`).
public enum GatewayState: String, Codable, Sendable, CaseIterable {
    case stopped, resolving, connecting, verifyingHost, authenticating, up, draining, backingOff, parked
}

/// The public name of a forward's state (see `ForwardStateMachine`).
public enum ForwardState: String, Codable, Sendable, CaseIterable {
    case waiting, up, degraded, parked, disabled
}

public struct GatewayStatus: Hashable, Codable, Sendable {
    public var name: String
    /// The server in use, or the one that is tried next.
    public var host: String
    public var port: UInt16
    public var user: String
    /// All servers in the order of preference; empty where there is one only.
    public var hosts: [String]
    public var state: GatewayState
    /// Why it is not up; absent while it is up or on its first way there.
    public var cause: Cause?
    /// When `state` was entered.
    public var since: Timestamp
    /// When the next attempt starts; only in `backingOff` and `parked`.
    public var nextRetry: Timestamp?
    /// The last failure, kept while up.
    public var lastError: LastError?
    /// The address in use, `192.0.2.1:22`; absent where the route is not a TCP connection of this machine.
    public var address: String?
    /// How the session travels, unless it is a plain TCP connection: `via amsterdam`, `proxy command`.
    public var route: String?
    /// What the last login tried, in that order, and what it did not get to.
    public var credentials: [CredentialStatus]
    /// What was negotiated; absent without a session.
    public var session: SessionStatus?
    /// Sessions in use now (1, plus overflow sessions).
    public var sessions: Int
    /// How often a session ended or an attempt failed, by reason.
    public var failures: [String: Int]
    /// How often the gateway came up.
    public var connects: Int
    /// Time from asking for a channel to its confirmation.
    public var channelOpen: DurationHistogram
    /// In the order of the file.
    public var forwards: [ForwardStatus]

    public init(
        name: String, host: String, port: UInt16, user: String, hosts: [String] = [], state: GatewayState,
        cause: Cause? = nil, since: Timestamp, nextRetry: Timestamp? = nil, lastError: LastError? = nil,
        address: String? = nil,
        route: String? = nil, credentials: [CredentialStatus] = [], session: SessionStatus? = nil, sessions: Int = 0,
        failures: [String: Int] = [:], connects: Int = 0,
        channelOpen: DurationHistogram = DurationHistogram(), forwards: [ForwardStatus] = []
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.user = user
        self.hosts = hosts
        self.state = state
        self.cause = cause
        self.since = since
        self.nextRetry = nextRetry
        self.lastError = lastError
        self.address = address
        self.route = route
        self.credentials = credentials
        self.session = session
        self.sessions = sessions
        self.failures = failures
        self.connects = connects
        self.channelOpen = channelOpen
        self.forwards = forwards
    }
}

public struct LastError: Hashable, Codable, Sendable {
    public var at: Timestamp
    public var cause: Cause

    public init(at: Timestamp, cause: Cause) {
        self.at = at
        self.cause = cause
    }
}

/// One way to log in, and what became of it.
public struct CredentialStatus: Hashable, Codable, Sendable {
    public enum Outcome: String, Codable, Sendable, CaseIterable {
        /// The server took it.
        case accepted
        /// The server did not take it.
        case refused
        /// It could not be used; `reason` says why.
        case unusable
        /// An earlier one was accepted, or the login has not come to it.
        case untried
    }

    /// `key file /root/.ssh/id_ed25519`, `agent key ED25519 SHA256:… (ann@laptop)`, `password`. No secret.
    public var credential: String
    public var outcome: Outcome
    public var reason: String?

    public init(credential: String, outcome: Outcome, reason: String? = nil) {
        self.credential = credential
        self.outcome = outcome
        self.reason = reason
    }
}

/// What one authenticated session negotiated.
public struct SessionStatus: Hashable, Codable, Sendable {
    /// The server's identification string (RFC 4253 section 4.2).
    public var serverVersion: String
    public var hostKey: HostKeyPin
    /// Why the key is trusted: `pin`, `retiring pin`, or the line of known_hosts, `/root/.ssh/known_hosts:3`.
    public var hostKeySource: String
    public var keyExchange: String
    public var hostKeyAlgorithm: String
    public var cipherIn: String
    public var cipherOut: String
    public var macIn: String
    public var macOut: String
    /// The credential that was accepted, as in `GatewayStatus.credentials`.
    public var identity: String
    /// Last measured round trip, in seconds; absent until the first ping came back.
    public var rttSeconds: Double?
    /// Whether `exec true` was allowed, which makes sshd set TCP_NODELAY on its side.
    public var isServerNagleOff: Bool

    public init(
        serverVersion: String, hostKey: HostKeyPin, hostKeySource: String = "pin", keyExchange: String,
        hostKeyAlgorithm: String, cipherIn: String,
        cipherOut: String, macIn: String, macOut: String, identity: String, rttSeconds: Double? = nil,
        isServerNagleOff: Bool = false
    ) {
        self.serverVersion = serverVersion
        self.hostKey = hostKey
        self.hostKeySource = hostKeySource
        self.keyExchange = keyExchange
        self.hostKeyAlgorithm = hostKeyAlgorithm
        self.cipherIn = cipherIn
        self.cipherOut = cipherOut
        self.macIn = macIn
        self.macOut = macOut
        self.identity = identity
        self.rttSeconds = rttSeconds
        self.isServerNagleOff = isServerNagleOff
    }
}

public struct ForwardStatus: Hashable, Codable, Sendable {
    public var name: String
    public var kind: ForwardSpec.Kind
    /// The spec in ssh's form, `-L 5432:db:5432`.
    public var spec: String
    /// Where it listens, as configured (`localhost:5432`).
    public var listen: String
    /// Where connections go to (`db:5432`).
    public var target: String
    public var state: ForwardState
    /// Why it is not up.
    public var cause: Cause?
    public var since: Timestamp
    /// The last failure of the listener or of one connection.
    public var lastError: LastError?
    /// The port really listened on; differs from the configured one for `-R 0:...`.
    public var boundPort: UInt16?
    /// The last probe; absent before the first, and where none is made.
    public var probe: ProbeStatus?
    /// `true` until the first probe has ended: it is up as far as is known without one. Absent afterwards.
    public var awaitsProbe: Bool?
    public var relays: RelayCounters
    /// Of a network forward.
    public var network: NetworkStatus?

    public init(
        name: String, kind: ForwardSpec.Kind, spec: String, listen: String, target: String, state: ForwardState,
        cause: Cause? = nil, since: Timestamp, lastError: LastError? = nil, boundPort: UInt16? = nil,
        probe: ProbeStatus? = nil, awaitsProbe: Bool? = nil, relays: RelayCounters = RelayCounters(),
        network: NetworkStatus? = nil
    ) {
        self.name = name
        self.kind = kind
        self.spec = spec
        self.listen = listen
        self.target = target
        self.state = state
        self.cause = cause
        self.since = since
        self.lastError = lastError
        self.boundPort = boundPort
        self.probe = probe
        self.awaitsProbe = awaitsProbe
        self.relays = relays
        self.network = network
    }
}

/// How the last probe of a forward went.
public struct ProbeStatus: Hashable, Codable, Sendable {
    /// When it ended.
    public var at: Timestamp
    public var isSuccess: Bool
    public var durationSeconds: Double
    /// Why it failed, or what part of the way it did not cover.
    public var message: String?

    public init(at: Timestamp, isSuccess: Bool, durationSeconds: Double, message: String? = nil) {
        self.at = at
        self.isSuccess = isSuccess
        self.durationSeconds = durationSeconds
        self.message = message
    }
}

/// How one carried connection ended. The value set of the `result` label in the metrics.
public enum RelayResult: String, Codable, Sendable, CaseIterable {
    /// Both directions ended with EOF.
    case completed
    /// The connection on our side was reset or failed.
    case localReset
    /// The far side closed the channel before our side had finished.
    case farClosed
    /// The session died under it.
    case sessionLost
    /// The far side (-L) or this side (-R) could not reach the target.
    case refused
    /// The target did not answer in time.
    case openTimeout
    /// The gateway did not come back within `hold`.
    case holdExpired
    /// The forward was stopped.
    case stopped
    /// Whoever connected is not in `allow`, or asked for what is not in `permit`.
    case notAllowed
    /// The client of a -D said nothing in time, or nothing that can be carried.
    case badRequest
    /// There were `max-connections` already, or no descriptors left.
    case overLimit
    /// Nothing was carried for `idle-timeout`.
    case idle
}

public struct RelayCounters: Hashable, Codable, Sendable {
    /// Connections being carried or waiting to be.
    public var active: Int
    /// Ended connections by `RelayResult`.
    public var ended: [String: Int]
    /// Payload bytes that went to the target (and from it).
    public var bytesToTarget: UInt64
    public var bytesFromTarget: UInt64

    public init(active: Int = 0, ended: [String: Int] = [:], bytesToTarget: UInt64 = 0, bytesFromTarget: UInt64 = 0) {
        self.active = active
        self.ended = ended
        self.bytesToTarget = bytesToTarget
        self.bytesFromTarget = bytesFromTarget
    }

    public mutating func count(_ result: RelayResult) {
        ended[result.rawValue, default: 0] += 1
    }
}

/// A cumulative histogram with fixed bounds, as Prometheus wants it.
public struct DurationHistogram: Hashable, Codable, Sendable {
    /// Upper bounds in seconds: 1 ms to 10 s, what channel opens take between loopback and a bad satellite link.
    public static let bounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// One count per bound, not cumulative, and one more for everything above.
    public private(set) var counts: [Int]
    public private(set) var sumSeconds: Double

    public init() {
        counts = Array(repeating: 0, count: Self.bounds.count + 1)
        sumSeconds = 0
    }

    public mutating func record(_ duration: Duration) {
        let seconds = duration.inSeconds
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sumSeconds += seconds
    }

    /// Of all. `Int.max` where counts that came over the wire would be more.
    public var count: Int {
        counts.reduce(0) { sum, count in
            let (more, isTooMuch) = sum.addingReportingOverflow(count)
            return isTooMuch ? .max : more
        }
    }
}
