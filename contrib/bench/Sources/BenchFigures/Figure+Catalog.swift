/// All figures, in the order of the page.
extension Figure {
    public static let all: [Figure] = bulk + cpu + roundTrips + connections + idle + memory + lines + recovery

    public static func named(_ id: String) -> Figure? { byID[id] }

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    static let relayCounts = [1, 4, 32]
    static let directions = ["down", "up"]

    static let bulk = relayCounts.flatMap { relays in
        directions.map {
            Figure("bulk.\($0).\(relays)", "\($0), \(relayText(relays))", "MB/s", .higher, digits: 0)
        }
    }

    static let cpu = relayCounts.flatMap { relays in
        directions.map {
            Figure("cpu.\($0).\(relays)", "\($0), \(relayText(relays))", "CPU s/GB", .lower, digits: 2)
        }
    }

    static let roundTrips = ["idle", "down", "up"].flatMap { beside in
        let title = beside == "idle" ? "idle" : "bulk \(beside) beside it"
        let bulk = Figure("rtt.\(beside).bulk", "\(title): the bulk", "MB/s", .higher, digits: 0)
        return ["p50", "p99"].map {
            Figure("rtt.\(beside).\($0)", "\(title), \($0)", "µs", .lower, digits: 0)
        } + (beside == "idle" ? [] : [bulk])
    }

    static let connections = [
        Figure("connections.rate", "loopback, 50 clients", "per second", .higher, digits: 0),
        Figure("burst.50ms", "50 at once, 50 ms path, last first byte", "s", .lower, digits: 3),
    ]

    static let idle = [
        Figure("idle.alone", "1 busy relay alone", "MB/s", .higher, digits: 0),
        Figure("idle.beside", "beside 1,000 idle ones", "MB/s", .higher, digits: 0),
        Figure("idle.share", "beside them, of its figure alone", "", .higher, digits: 2),
    ]

    static let memory = [
        Figure("memory.1", "1 gateway with 4 forwards", "MiB", .lower, digits: 1),
        Figure("memory.50", "50 gateways with 4 forwards each", "MiB", .lower, digits: 1),
        Figure("memory.50.rss", "the same, RSS", "MiB", .lower, digits: 1),
        Figure("memory.relay", "one idle relay of 5,000", "KiB", .lower, digits: 1),
    ]

    static let delays = [0, 10, 50, 100]

    static let lines = delays.flatMap { delay in
        directions.flatMap {
            [
                Figure("line.\(delay).\($0)", "\($0), \(delay) ms", "MB/s", .higher, digits: 1),
                Figure("line.\(delay).\($0).whole", "\($0), \(delay) ms, with its start", "MB/s", .higher, digits: 1),
            ]
        }
    }

    static let recovery = [
        Figure("recovery.2s", "sshd away for 2 s", "s", .lower, digits: 2),
        Figure("recovery.15s", "sshd away for 15 s", "s", .lower, digits: 2),
        Figure("startup.listening", "1,000 forwards, all listening", "s", .lower, digits: 2),
        Figure("startup.usable", "1,000 forwards, the last one carries bytes", "s", .lower, digits: 2),
    ]

    private static func relayText(_ count: Int) -> String { count == 1 ? "1 relay" : "\(count) relays" }
}
