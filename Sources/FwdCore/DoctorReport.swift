/// One step of the walk from here to a forward's target, and what was found there.
public struct DoctorStep: Hashable, Codable, Sendable {
    /// In the order of the walk.
    public enum Name: String, Codable, Sendable, CaseIterable {
        /// The gateway's file, with what ssh_config adds.
        case configuration
        /// What the supervisor that runs says.
        case supervisor
        case dns
        /// The connection to the server, by whatever route.
        case tcp
        /// The server's identification.
        case banner
        case keyExchange
        case hostKey
        case login
        /// Where a forward listens: here for -L, at the server for -R.
        case listener
        /// What a forward leads to: seen from the server for -L, from here for -R.
        case target
    }

    public enum Outcome: String, Codable, Sendable, CaseIterable {
        case ok, failed
        /// It could not be taken; `finding` says why.
        case skipped
    }

    public var step: Name
    /// Of the walk, or one on the way.
    public var gateway: String
    /// Only of `listener` and `target`.
    public var forward: String?
    public var outcome: Outcome
    /// One sentence.
    public var finding: String
    /// More of it, a line each: addresses that did not answer, credentials.
    public var details: [String]
    public var durationSeconds: Double
    /// Why it failed.
    public var cause: Cause?
    /// What mends it.
    public var remedies: [DoctorRemedy]

    public init(
        _ step: Name, of gateway: String, forward: String? = nil, _ outcome: Outcome, _ finding: String,
        details: [String] = [], took duration: Duration = .zero, cause: Cause? = nil, remedies: [DoctorRemedy] = []
    ) {
        self.step = step
        self.gateway = gateway
        self.forward = forward
        self.outcome = outcome
        self.finding = finding
        self.details = details
        self.cause = cause
        self.remedies = remedies
        durationSeconds = duration.inSeconds
    }
}

/// Lines that mend what was found, and where they belong.
public struct DoctorRemedy: Hashable, Codable, Sendable {
    /// `in /etc/ssh/sshd_config on t2.example.org`, `here`.
    public var place: String
    /// To be copied as they are.
    public var lines: [String]

    public init(_ place: String, _ lines: [String]) {
        self.place = place
        self.lines = lines
    }
}

/// A whole walk.
public struct DoctorReport: Hashable, Codable, Sendable {
    public var gateway: String
    /// Whether no step failed, and there was time for all.
    public var isHealthy: Bool
    public var durationSeconds: Double
    /// In the order in which they were taken.
    public var steps: [DoctorStep]

    public init(gateway: String, isHealthy: Bool, durationSeconds: Double, steps: [DoctorStep]) {
        self.gateway = gateway
        self.isHealthy = isHealthy
        self.durationSeconds = durationSeconds
        self.steps = steps
    }
}
