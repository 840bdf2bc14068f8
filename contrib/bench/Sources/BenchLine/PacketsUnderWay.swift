/// The packets on the line, first in, first out, each with the time at which it is due.
struct PacketsUnderWay<Packet> {
    private var entries: [(due: Int64, packet: Packet)] = []
    private var head = 0

    var isEmpty: Bool { head == entries.count }
    var nextDue: Int64? { isEmpty ? nil : entries[head].due }

    mutating func append(_ packet: Packet, due: Int64) {
        entries.append((due, packet))
    }

    /// The next packet, if it is due by `now`.
    mutating func popDue(by now: Int64) -> Packet? {
        guard !isEmpty, entries[head].due <= now else { return nil }
        defer {
            head += 1
            if head > 1024, head * 2 > entries.count {
                entries.removeFirst(head)
                head = 0
            }
        }
        return entries[head].packet
    }
}
