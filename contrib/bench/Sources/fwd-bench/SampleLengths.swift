import BenchContenders

/// How long samples take: long enough for steady figures, short enough for about a quarter of an hour in all.
struct SampleLengths: Sendable {
    let isQuick: Bool

    /// One bulk transfer on loopback. The slow ones show their speed sooner.
    func bulk(_ contender: Contender) -> Duration {
        isQuick ? .milliseconds(500) : contender.isSlow ? .milliseconds(700) : .milliseconds(1200)
    }

    /// Round trips, and the bulk transfer beside them.
    func roundTrips(_ contender: Contender) -> Duration {
        isQuick ? .milliseconds(500) : contender.isSlow ? .milliseconds(700) : .milliseconds(1200)
    }

    var connections: Duration { isQuick ? .milliseconds(500) : .seconds(1) }

    /// A transfer over a line, and the part of it in which connections find their speed.
    func line(_ delay: Int) -> (transfer: Duration, settling: Duration) {
        switch delay {
        case ..<5: (.seconds(1), .milliseconds(200))
        case ..<20: (.milliseconds(1500), .milliseconds(500))
        case ..<70: (.milliseconds(2500), .seconds(1))
        default: (.seconds(5), .seconds(2))
        }
    }
}

extension Contender {
    var isSlow: Bool { ["dbclient", "asyncssh", "sshtunnel"].contains(name) }
}
