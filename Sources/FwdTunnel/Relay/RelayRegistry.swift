/// The relays of one forward, to stop them with it. Their sessions own them; here they are only remembered.
struct RelayRegistry {
    private struct Entry {
        weak var relay: Relay?
    }

    private var entries: [Entry] = []
    /// Ended relays are swept out when there are this many entries, so that one more costs nothing on average.
    private var sweepAt = 64

    mutating func insert(_ relay: Relay) {
        if entries.count >= sweepAt {
            entries.removeAll { $0.relay == nil }
            sweepAt = max(64, entries.count * 2)
        }
        entries.append(Entry(relay: relay))
    }

    mutating func stopAll() {
        let stopped = entries
        entries = []
        for entry in stopped { entry.relay?.stop() }
    }
}
