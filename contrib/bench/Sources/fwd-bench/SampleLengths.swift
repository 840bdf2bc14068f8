/// How long samples take: long enough for steady figures, short enough for about a quarter of an hour in all.
struct SampleLengths: Sendable {
    /// One bulk transfer on loopback.
    let bulk: Duration
    /// Round trips, and the bulk transfer beside them.
    let roundTrips: Duration
    let connections: Duration

    init(quick: Bool) {
        bulk = quick ? .milliseconds(500) : .milliseconds(1500)
        roundTrips = quick ? .milliseconds(500) : .milliseconds(1500)
        connections = quick ? .milliseconds(500) : .milliseconds(1500)
    }
}
