import FwdCore

/// What a reload did: one entry per gateway that runs, ran, or was refused.
public struct ReloadReply: Hashable, Codable, Sendable {
    /// What happened to one gateway.
    public enum Action: String, Codable, Sendable, CaseIterable {
        /// It is new and has been started.
        case started
        /// Its file is gone: its listeners are closed, its connections drain.
        case stopped
        /// How it logs in has changed: its session starts again.
        case restarted
        /// Only forwards changed; the session was not touched.
        case updated
        /// Nothing changed.
        case kept
        /// Its file is bad: it runs what it ran before, or nothing.
        case refused
    }

    /// One gateway, and what happened to its forwards (names, in the order of the file).
    public struct Gateway: Hashable, Codable, Sendable {
        public var gateway: String
        public var action: Action
        public var started: [String]
        public var stopped: [String]
        /// Forwards that go on under the same name with another definition.
        public var changed: [String]
        /// Forwards that were not touched; their connections live on.
        public var kept: [String]
        /// What is different, a line each: `user: ann -> bob`.
        public var details: [String]

        public init(
            gateway: String, action: Action, started: [String] = [], stopped: [String] = [], changed: [String] = [],
            kept: [String] = [], details: [String] = []
        ) {
            self.gateway = gateway
            self.action = action
            self.started = started
            self.stopped = stopped
            self.changed = changed
            self.kept = kept
            self.details = details
        }
    }

    /// `false` if the directory or any file was refused.
    public var isSuccessful: Bool
    /// One rendered line per error, `file:line:column: message`.
    public var errors: [String]
    /// One rendered line per warning.
    public var warnings: [String]
    /// In byte order of the names.
    public var gateways: [Gateway]

    public init(isSuccessful: Bool, errors: [String], warnings: [String], gateways: [Gateway]) {
        self.isSuccessful = isSuccessful
        self.errors = errors
        self.warnings = warnings
        self.gateways = gateways
    }
}

/// What happened to gateways lately.
public struct HistoryReply: Hashable, Codable, Sendable {
    /// The events of one gateway, oldest first.
    public struct Gateway: Hashable, Codable, Sendable {
        public var gateway: String
        public var events: [GatewayEvent]

        public init(gateway: String, events: [GatewayEvent]) {
            self.gateway = gateway
            self.events = events
        }
    }

    /// In byte order of the names.
    public var gateways: [Gateway]

    public init(gateways: [Gateway]) {
        self.gateways = gateways
    }
}

/// Which gateways were told to try again.
public struct RetryReply: Hashable, Codable, Sendable {
    /// In byte order.
    public var gateways: [String]

    public init(gateways: [String]) {
        self.gateways = gateways
    }
}

/// How a gateway, or one of its forwards, stands after waiting for it.
public struct SettledReply: Hashable, Codable, Sendable {
    /// `false`: the timeout came first.
    public var isSettled: Bool
    public var gateway: GatewayStatus
    /// Only when a forward was asked for.
    public var forward: ForwardStatus?

    public init(isSettled: Bool, gateway: GatewayStatus, forward: ForwardStatus? = nil) {
        self.isSettled = isSettled
        self.gateway = gateway
        self.forward = forward
    }
}
