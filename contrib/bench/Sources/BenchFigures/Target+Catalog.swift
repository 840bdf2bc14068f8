extension Target {
    /// In MB per second: what TCP carries over 1 Gbit/s of Ethernet with an MTU of 1500 and timestamps.
    public static let lineGoodput = 125.0 * 1448 / 1538

    /// The table of targets, in its order.
    public static let all: [Target] = [
        ratio("bulk, 1 relay, down", "bulk.down.1", .atLeast(1.15)),
        ratio("bulk, 1 relay, up", "bulk.up.1", .atLeast(2.0)),
        ratio("bulk, 32 relays, down", "bulk.down.32", .atLeast(1.15)),
        ratio("bulk, 32 relays, up", "bulk.up.32", .atLeast(1.8)),
        ratio("forwarder's CPU per GB, 1 relay, down", "cpu.down.1", .atMost(0.65)),
        ratio("forwarder's CPU per GB, 1 relay, up", "cpu.up.1", .atMost(0.5)),
        ratio("download, 1 relay, 100 ms and 1 Gbit/s path", "line.100.down", .atLeast(5.5)),
        Target(
            title: "the same, of what TCP can carry there", figure: "line.100.down", contender: "fwd",
            measure: .share(of: lineGoodput, called: "the line"), bound: .atLeast(0.9)),
        ratio("upload there", "line.100.up", .atLeast(1.5)),
        ratio("1-byte round trip, p50", "rtt.idle.p50", .atMost(1)),
        ratio("1-byte round trip, p99", "rtt.idle.p99", .atMost(1)),
        ratio("the same with a bulk download beside it, p99", "rtt.down.p99", .atMost(1)),
        ratio("the same with a bulk upload beside it, p99", "rtt.up.p99", .atMost(1)),
        ratio("new connections per second, loopback, 50 clients", "connections.rate", .atLeast(1)),
        ratio("50 simultaneous connections, 50 ms path, last first byte", "burst.50ms", .atMost(1.1)),
        Target(
            title: "the same against the stock library", figure: "burst.50ms", contender: "fwd-stock",
            measure: .ratio(to: Results.base), bound: .atMost(5)),
        value("1 busy relay beside 1,000 idle ones, of its figure alone", "idle.share", .atLeast(0.95)),
        Target(
            title: "memory (PSS), 50 gateways × 4 forwards, of 50 × (autossh + ssh)", figure: "memory.50",
            contender: "fwd", measure: .ratio(to: "autossh"), bound: .atMost(0.1)),
        value("memory per idle relay at 5,000, KiB", "memory.relay", .atMost(16)),
        value("sshd back to first good byte, s", "recovery.2s", .atMost(1)),
        value("start-up with 1,000 forwards on one gateway, s to all listening", "startup.listening", .atMost(1)),
    ]

    private static func ratio(_ title: String, _ figure: String, _ bound: Bound) -> Target {
        Target(title: title, figure: figure, contender: "fwd", measure: .ratio(to: Results.base), bound: bound)
    }

    private static func value(_ title: String, _ figure: String, _ bound: Bound) -> Target {
        Target(title: title, figure: figure, contender: "fwd", measure: .value, bound: bound)
    }
}
