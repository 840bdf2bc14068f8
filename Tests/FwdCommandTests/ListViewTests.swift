import FwdCore
import Testing

@testable import fwd

@Suite struct ListViewTests {
    static let lost = Cause(.lost, "the server closed the connection")

    static func snapshot(_ gateways: [GatewayStatus]) -> StatusSnapshot {
        let start = Timestamp(secondsSince1970: 0)
        return StatusSnapshot(
            version: "0.1.0", libssh2: "1.11.1", pid: 7, startedAt: start, takenAt: Timestamp(secondsSince1970: 10_000),
            directory: "/d",
            configuration: ConfigurationStatus(loadedAt: start, isSuccessful: true, errors: [], refusedGateways: []),
            gateways: gateways)
    }

    static func gateway(_ name: String, _ state: GatewayState, _ forwards: [ForwardStatus]) -> GatewayStatus {
        GatewayStatus(
            name: name, host: "h", port: 22, user: "u", state: state, cause: state == .up ? nil : lost,
            since: Timestamp(secondsSince1970: 9_000),
            nextRetry: state == .backingOff ? Timestamp(secondsSince1970: 10_012) : nil, forwards: forwards)
    }

    static func forward(
        _ name: String, _ state: ForwardState, cause: Cause? = nil, lastError: Double? = nil, port: UInt16? = nil
    ) -> ForwardStatus {
        ForwardStatus(
            name: name, kind: port == nil ? .local : .remote, spec: "-L 5432:db:5432",
            listen: port == nil ? "localhost:5432" : "localhost:0", target: "db:5432", state: state, cause: cause,
            since: Timestamp(secondsSince1970: 9_940),
            lastError: lastError.map {
                LastError(at: Timestamp(secondsSince1970: $0), cause: Cause(.target, "refused"))
            },
            boundPort: port,
            relays: RelayCounters(active: 3, bytesToTarget: 999, bytesFromTarget: 1_536))
    }

    @Test func everyForwardStandsInALineWithItsCauseBelow() {
        let busy = Cause(.remoteListen, "port 5432 is in use at the far side")
        let text = ListView.render(
            Self.snapshot([
                Self.gateway(
                    "amsterdam", .up,
                    [
                        Self.forward("db", .up, lastError: 9_950), Self.forward("old", .disabled),
                        Self.forward("r", .up, lastError: 9_000, port: 40_222),
                        Self.forward("busy", .degraded, cause: busy),
                    ]),
                Self.gateway("b", .backingOff, [Self.forward("x", .waiting)]),
                Self.gateway("empty", .parked, []),
            ]), .plain)
        #expect(text == Self.expected)
    }

    static let expected = """
        FORWARD         STATE     KIND    LISTEN           TARGET   CONNS       IN    OUT   SINCE
        amsterdam/db    up        local   localhost:5432   db:5432      3  1.5 KiB  999 B   1 min
            50 s ago: refused
        amsterdam/old   disabled  local   localhost:5432   db:5432      3  1.5 KiB  999 B   1 min
        amsterdam/r     up        remote  localhost:40222  db:5432      3  1.5 KiB  999 B   1 min
        amsterdam/busy  degraded  local   localhost:5432   db:5432      3  1.5 KiB  999 B   1 min
            port 5432 is in use at the far side
        b/x             waiting   local   localhost:5432   db:5432      3  1.5 KiB  999 B   1 min
            the server closed the connection (next try in 12 s)
        empty/-         parked    -       -                -            -        -      -  16 min
            the server closed the connection
        """

    @Test func coloursDoNotMoveTheColumns() {
        let snapshot = Self.snapshot([Self.gateway("a", .up, [Self.forward("db", .up), Self.forward("x", .parked)])])
        let coloured = ListView.render(snapshot, .coloured)
        #expect(coloured.contains("\u{1B}[32mup\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[31mparked\u{1B}[0m"))
        let bare = coloured.replacing(#/\u{1B}\[[0-9]+m/#, with: "")
        #expect(bare == ListView.render(snapshot, .plain))
    }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (10_240, "10 KiB"), (1_048_575, "1.0 MiB"),
            (5_368_709_120, "5.0 GiB"), (.max, "16 EiB"),
        ] as [(UInt64, String)])
    func bytesAreShort(_ count: UInt64, _ text: String) {
        #expect(Units.bytes(count) == text)
    }

    @Test(
        arguments: [
            (-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_600, "1 h"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h"),
        ] as [(Double, String)])
    func durationsAreShort(_ seconds: Double, _ text: String) {
        #expect(Units.duration(seconds: seconds) == text)
    }

    @Test(arguments: [(0.00085, "850 µs"), (0.0125, "13 ms"), (0.0042, "4.2 ms"), (1.5, "1.5 s")])
    func latenciesAreShort(_ seconds: Double, _ text: String) {
        #expect(Units.latency(seconds: seconds) == text)
    }

    @Test(arguments: [1e300, -1e300, .infinity, -.infinity, .nan])
    func aNumberBeyondAllMeasureIsShownSomehow(_ seconds: Double) {
        #expect(!Units.duration(seconds: seconds).isEmpty)
        #expect(!Units.latency(seconds: seconds).isEmpty)
    }
}
