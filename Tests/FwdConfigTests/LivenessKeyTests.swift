import FwdCore
import Testing

@testable import FwdConfig

/// `liveness` of a gateway.
@Suite struct LivenessKeyTests {
    @Test(arguments: [
        ("{interval: 20s, count: 7}", Liveness(interval: .seconds(20), count: 7)),
        ("{interval: 1s}", Liveness(interval: .seconds(1), count: 3)),
        ("{count: 100}", Liveness(interval: .seconds(5), count: 100)), ("{}", Liveness()),
    ])
    func whatIsAccepted(text: String, liveness: Liveness) throws {
        let file = try file("gateway: {host: h, liveness: \(text)}")
        #expect(file.configuration.liveness == liveness)
    }

    private static let number = "expected a number from 1 to 100"
    private static let mapping = "expected a mapping with \"interval\" or \"count\""

    @Test(arguments: [
        Case("5s", "1:30: error: gateway.liveness: read \"5s\", \(mapping)"),
        Case("", "1:20: error: gateway.liveness: read nothing, \(mapping)"),
        Case("[5s, 3]", "1:30: error: gateway.liveness: read a list, \(mapping)"),
        Case("{interval: 500ms}", "1:41: error: gateway.liveness.interval: read \"500ms\", \(expectedPeriod)"),
        Case("{interval: 5}", "1:41: error: gateway.liveness.interval: read \"5\", \(expectedPeriod)"),
        Case("{count: 0}", "1:38: error: gateway.liveness.count: read \"0\", \(number)"),
        Case("{count: 101}", "1:38: error: gateway.liveness.count: read \"101\", \(number)"),
        Case("{count: three}", "1:38: error: gateway.liveness.count: read \"three\", \(number)"),
        Case("{intervall: 5s}", "1:31: error: gateway.liveness.intervall: unknown key, did you mean \"interval\"?"),
        Case("{x: 1}", "1:31: error: gateway.liveness.x: unknown key, expected \"interval\" or \"count\""),
    ])
    func whatIsRefused(row: Case) {
        let file = parse("gateway: {host: h, liveness: \(row.text)}")
        #expect(lines(file.diagnostics.errors) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test(arguments: [
        ("{interval: 7s}", "ServerAliveInterval 20", Liveness(interval: .seconds(7), count: 9)),
        ("{interval: 7s}", "", Liveness(interval: .seconds(7), count: 9)),
        ("{count: 2}", "ServerAliveInterval 20", Liveness(interval: .seconds(20), count: 2)),
        ("{count: 2}", "", Liveness(interval: .seconds(5), count: 2)),
        ("{interval: 7s, count: 2}", "ServerAliveInterval 20", Liveness(interval: .seconds(7), count: 2)),
        ("{}", "ServerAliveInterval 20", Liveness(interval: .seconds(20), count: 9)),
        ("{}", "", Liveness()),
    ])
    func theFileWinsOverSSHConfig(text: String, line: String, liveness: Liveness) async throws {
        let fixture = try ResolutionFixture(config: "Host work\n  ServerAliveCountMax 9\n  \(line)\n")
        try fixture.gateway("work", "liveness: \(text)")
        #expect(try await fixture.resolved().gateways["work"]?.liveness == liveness)
    }
}
