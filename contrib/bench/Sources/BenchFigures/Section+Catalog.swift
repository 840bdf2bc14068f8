extension Section {
    public static let all: [Section] = [
        Section(
            "bulk", "Bulk on loopback", tables: [Figure.bulk.evenOnes, Figure.bulk.oddOnes],
            picture: .ratios(["bulk.down.1", "bulk.up.1", "bulk.down.32", "bulk.up.32"]),
            """
            MB/s of 1, 4 and 32 relays at once, each with a stream of its own, from the order to start until the last \
            byte has arrived at its receiver. *Down* is from the target to the client.
            """),
        Section(
            "cpu", "CPU of the forwarder", tables: [Figure.cpu.evenOnes, Figure.cpu.oddOnes],
            picture: .ratios(["cpu.down.1", "cpu.up.1", "cpu.down.32", "cpu.up.32"]),
            """
            CPU seconds, user and system, of the forwarder's processes for each GB (10⁹ bytes) of the same transfers; \
            for `fwd` of the supervisor. sshd's own CPU is not in it.
            """),
        Section(
            "latency", "Round trips of one byte",
            tables: [figures(["rtt.idle.p50", "rtt.idle.p99"])]
                + ["down", "up"].map { figures(["rtt.\($0).p50", "rtt.\($0).p99", "rtt.\($0).bulk"]) },
            picture: .ratios(["rtt.idle.p50", "rtt.idle.p99", "rtt.down.p99", "rtt.up.p99"]),
            """
            One byte to an echoing target and back over an open relay, one after the other: alone, and with a bulk \
            transfer on another relay of the same gateway, whose own speed in that time stands beside it.
            """),
        Section(
            "connections", "New connections", tables: [Figure.connections],
            picture: .ratios(Figure.connections.map(\.id)),
            """
            Each is a fresh TCP connection through the forwarder to a target that sends one byte and closes. The rate is \
            that of 50 clients which connect one after the other; the time is that of 50 clients which connect at the \
            same moment, over a path with a round trip of 50 ms, until the last of them has its byte.
            """),
        Section(
            "idle", "One busy relay beside 1,000 idle ones", tables: [Figure.idle],
            picture: .values(["idle.share"]),
            "MB/s of one download alone, and again while 1,000 other relays of the gateway are open and carry nothing."),
        Section(
            "memory", "Memory", tables: [Figure.memory], picture: .ratios(["memory.1", "memory.50", "memory.relay"]),
            """
            PSS of all processes of the forwarder: what several processes share counts once. RSS, where it counts in \
            each of them, stands beside it for 50 gateways. Each forward has carried a connection before. The idle \
            relays are 5,000 of one gateway: the growth by all of them, divided.
            """),
        Section(
            "line", "Over a path with a delay", tables: Figure.delays.map { lineFigures($0) },
            picture: .ratios(["line.10.down", "line.50.down", "line.100.down", "line.100.up"]),
            """
            One relay over a line of 1 Gbit/s with a round trip of 0, 10, 50 and 100 ms (see below), plain TCP over the \
            same line beside it. A transfer's first part, in which TCP and SSH find their speed, is not in the main \
            figure (0.2, 0.5, 1 and 2 s, in this order); the figure *with its start* is that of the whole transfer, \
            from the order to start until the last byte has arrived. TCP can carry 117.7 MB/s there. Plain \
            TCP has three runs, slow contenders have two.
            """),
        Section(
            "start", "The first seconds of a download at 100 ms", tables: [], picture: .timeline("line.100.down"),
            """
            MB/s in each tenth of a second, of the last run of each. Peaks are cut at 150: what has waited for a lost \
            packet arrives at once.
            """),
        Section(
            "recovery", "After an outage, and at the start", tables: [Figure.recovery],
            picture: .values(["recovery.2s", "recovery.15s", "startup.listening"]),
            """
            sshd and all its sessions are killed, and it is started again after 2 or 15 seconds: the time from its \
            return to the first byte that a client receives through the forwarder. Start-up is from the start of the \
            program, with 1,000 forwards on one gateway, until all listen, and until the last of them has carried a byte.
            """),
    ]

    private static func figures(_ ids: [String]) -> [Figure] { ids.compactMap(Figure.named) }

    private static func lineFigures(_ delay: Int) -> [Figure] {
        Figure.lines.filter { $0.id.hasPrefix("line.\(delay).") }
    }
}

extension [Figure] {
    /// Of figures that alternate between down and up, those for down.
    fileprivate var evenOnes: [Figure] { enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element) }
    fileprivate var oddOnes: [Figure] { enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element) }
}
