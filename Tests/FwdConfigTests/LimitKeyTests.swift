import FwdCore
import Testing

@testable import FwdConfig

/// `allow`, `max-connections`, `rate` and `idle-timeout` of a forward.
@Suite struct LimitKeyTests {
    private func parsed(_ keys: String, spec: String = "-L 1:b:2") -> GatewayFile {
        parse(head + "  db: {spec: \(spec), \(keys)}\n")
    }

    private func limits(_ keys: String) throws -> ForwardLimits {
        let file = parsed(keys)
        #expect(file.diagnostics == [])
        return try #require(file.configuration?.forwards.first).limits
    }

    @Test func whoSaysNothingHasNone() throws {
        #expect(try limits("hold: 1s") == .none)
        #expect(try file(head + "  db: -L 1:b:2\n").configuration.forwards.map(\.limits) == [.none])
    }

    @Test(arguments: [
        ("192.168.1.0/24", ["192.168.1.0/24"]), ("[192.168.1.0/24]", ["192.168.1.0/24"]),
        ("[10.0.0.7, 10.0.0.7/32]", ["10.0.0.7", "10.0.0.7"]), ("0.0.0.0/0", ["0.0.0.0/0"]),
        ("[\"::1\", \"2001:DB8::/32\", \"::/0\"]", ["::1", "2001:db8::/32", "::/0"]),
        ("\"fe80::/10\"", ["fe80::/10"]), ("10.1.2.128/25", ["10.1.2.128/25"]),
        // Clients count as IPv4, so the range does as well.
        ("[\"::ffff:10.0.0.0/104\", \"::ffff:10.0.0.7\"]", ["10.0.0.0/8", "10.0.0.7"]),
    ])
    func rangesThatAreAccepted(text: String, ranges: [String]) throws {
        #expect(try limits("allow: \(text)").allow?.map(\.description) == ranges)
    }

    @Test func aRangeLetsInWhatItSays() throws {
        let allow = try #require(try limits("allow: [10.0.0.0/8, \"2001:db8::/33\"]").allow)
        #expect(allow.count == 2)
        #expect(allow[0].contains([10, 255, 0, 1]) && !allow[0].contains([11, 0, 0, 0]))
        let address: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 12)
        var outside = address
        outside[4] = 0x80
        #expect(allow[1].contains(address) && !allow[1].contains(outside))
    }

    @Test(arguments: [
        ("1kB/s", 1000), ("512kB/s", 512_000), ("10MB/s", 10_000_000), ("1GB/s", 1_000_000_000),
        ("64KiB/s", 65_536), ("1MiB/s", 1_048_576), ("1GiB/s", 1_073_741_824), ("100Mbit/s", 12_500_000),
        ("500kbit/s", 62_500), ("8kbit/s", 1000), ("1Gbit/s", 125_000_000), ("1000GB/s", 1_000_000_000_000),
    ])
    func ratesAreBytesASecond(text: String, rate: Int) throws {
        #expect(try limits("rate: \(text)") == ForwardLimits(bytesPerSecond: rate))
    }

    @Test func theOthersAreNumbersAndDurations() throws {
        #expect(try limits("max-connections: 1") == ForwardLimits(maxConnections: 1))
        #expect(try limits("max-connections: 1000000") == ForwardLimits(maxConnections: 1_000_000))
        #expect(try limits("idle-timeout: 1s") == ForwardLimits(idleTimeout: .seconds(1)))
        #expect(try limits("idle-timeout: 24h") == ForwardLimits(idleTimeout: .seconds(86_400)))
    }

    @Test func aForwardOfTheFarSideMayHaveAllButAllow() throws {
        let file = parsed("max-connections: 2, rate: 1kB/s, idle-timeout: 1m", spec: "-R 1:b:2")
        #expect(
            try #require(file.configuration).forwards.map(\.limits) == [
                ForwardLimits(maxConnections: 2, bytesPerSecond: 1000, idleTimeout: .seconds(60))
            ])
    }

    @Test(arguments: [("*:1:b:2", true), ("1:b:2", true), ("*:1:b:2", false)])
    func whoSaysWhoMayConnectIsNotWarned(mapping: String, isLimited: Bool) {
        let file = parsed(isLimited ? "allow: 10.0.0.0/8" : "hold: 1s", spec: "-L \(mapping)")
        #expect(file.configuration != nil)
        #expect(file.diagnostics.isEmpty == isLimited)
    }

    @Test func whoConnectsToAUnixSocketHasNoAddress() {
        let file = parsed("allow: 10.0.0.0/8", spec: "-L /run/db.sock:b:2")
        #expect(
            file.diagnostics.errors.map(\.message) == [
                "forwards.db.allow: who connects to a Unix socket has no address; \"mode\" says who may"
            ])
    }

    private static let range =
        "expected an address or a range of them, as in 192.168.1.0/24, 10.0.0.7 or 2001:db8::/32"
    private static let rate = "expected a rate from 1kB/s to 1000GB/s, as in 512kB/s, 64KiB/s or 100Mbit/s"
    private static let count = "expected a number from 1 to 1000000"

    @Test(arguments: [
        Case("allow: []", "5:31: error: forwards.db.allow: read an empty list, \(range), or a list of them"),
        Case("allow: ", "5:24: error: forwards.db.allow: read nothing, \(range)"),
        Case("allow: {a: b}", "5:31: error: forwards.db.allow: read a mapping, \(range)"),
        Case("allow: [[10.0.0.7]]", "5:32: error: forwards.db.allow: read a list, \(range)"),
        Case("allow: localhost", "5:31: error: forwards.db.allow: read \"localhost\", \(range)"),
        Case("allow: 10.0.0.0/33", "5:31: error: forwards.db.allow: read \"10.0.0.0/33\", \(range)"),
        Case("allow: 10.0.0.0/-1", "5:31: error: forwards.db.allow: read \"10.0.0.0/-1\", \(range)"),
        Case("allow: 10.0.0.0/", "5:31: error: forwards.db.allow: read \"10.0.0.0/\", \(range)"),
        Case("allow: 10.0.0.0/8/8", "5:31: error: forwards.db.allow: read \"10.0.0.0/8/8\", \(range)"),
        Case("allow: 10.0.0.0/255.0.0.0", "5:31: error: forwards.db.allow: read \"10.0.0.0/255.0.0.0\", \(range)"),
        Case("allow: /8", "5:31: error: forwards.db.allow: read \"/8\", \(range)"),
        Case("allow: 10.1/16", "5:31: error: forwards.db.allow: read \"10.1/16\", \(range)"),
        Case("allow: fe80::1%eth0", "5:31: error: forwards.db.allow: read \"fe80::1%eth0\", \(range)"),
        Case("allow: \"::/129\"", "5:31: error: forwards.db.allow: read \"::/129\", \(range)"),
        Case(
            "allow: [10.0.0.5/8, \"2001:db8::1/32\", \"::ffff:10.0.0.1/104\", x]",
            "5:32: error: forwards.db.allow: 10.0.0.5/8 has bits behind the prefix; did you mean 10.0.0.0/8?",
            "5:44: error: forwards.db.allow: 2001:db8::1/32 has bits behind the prefix; did you mean 2001:db8::/32?",
            "5:62: error: forwards.db.allow: ::ffff:10.0.0.1/104 has bits behind the prefix; "
                + "did you mean 10.0.0.0/8?",
            "5:85: error: forwards.db.allow: read \"x\", \(range)"),
        Case("max-connections: 0", "5:41: error: forwards.db.max-connections: read \"0\", \(count)"),
        Case("max-connections: 1000001", "5:41: error: forwards.db.max-connections: read \"1000001\", \(count)"),
        Case("max-connections: -1", "5:41: error: forwards.db.max-connections: read \"-1\", \(count)"),
        Case(
            "max-connections: 99999999999999999999",
            "5:41: error: forwards.db.max-connections: read \"99999999999999999999\", \(count)"),
        Case("max-connections: [1]", "5:41: error: forwards.db.max-connections: read a list, \(count)"),
        Case("rate: 999", "5:30: error: forwards.db.rate: read \"999\", \(rate)"),
        Case("rate: 0kB/s", "5:30: error: forwards.db.rate: read \"0kB/s\", \(rate)"),
        Case("rate: 7kbit/s", "5:30: error: forwards.db.rate: read \"7kbit/s\", \(rate)"),
        Case("rate: 10mb/s", "5:30: error: forwards.db.rate: read \"10mb/s\", \(rate)"),
        Case("rate: 10 MB/s", "5:30: error: forwards.db.rate: read \"10 MB/s\", \(rate)"),
        Case("rate: 1.5MB/s", "5:30: error: forwards.db.rate: read \"1.5MB/s\", \(rate)"),
        Case("rate: -1MB/s", "5:30: error: forwards.db.rate: read \"-1MB/s\", \(rate)"),
        Case("rate: 1001GB/s", "5:30: error: forwards.db.rate: read \"1001GB/s\", \(rate)"),
        Case("rate: 4294967295GiB/s", "5:30: error: forwards.db.rate: read \"4294967295GiB/s\", \(rate)"),
        Case("idle-timeout: 0s", "5:38: error: forwards.db.idle-timeout: read \"0s\", \(expectedPeriod)"),
        Case("idle-timeout: 999ms", "5:38: error: forwards.db.idle-timeout: read \"999ms\", \(expectedPeriod)"),
        Case("idle-timeout: off", "5:38: error: forwards.db.idle-timeout: read \"off\", \(expectedPeriod)"),
        Case(
            "max_connections: 1",
            "5:24: error: forwards.db.max_connections: unknown key, did you mean \"max-connections\"?"),
        Case("timeout: 1s", "5:24: error: forwards.db.timeout: unknown key, did you mean \"idle-timeout\"?"),
    ])
    func whatIsRefused(row: Case) {
        let file = parsed(row.text)
        #expect(lines(file.diagnostics) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test func allowIsNotPossibleAtTheFarSide() {
        let file = parsed("allow: [10.0.0.0/8]", spec: "-R 1:b:2")
        #expect(
            lines(file.diagnostics) == [
                "5:24: error: forwards.db.allow: not possible for -R: libssh2 does not tell who connected at the far side"
            ])
        #expect(file.configuration == nil)
    }
}
