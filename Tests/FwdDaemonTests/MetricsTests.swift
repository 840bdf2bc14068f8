import FwdCore
import FwdTestSupport
import Testing

@testable import FwdDaemon

@Suite struct MetricsTests {
    @Test func theTextOfASnapshotIsExactlyThis() {
        let lines = Metrics.render(Samples.snapshot).split(separator: "\n").map(String.init)
        // The rows of closed sets that are 0 are compared as a count.
        let shown = lines.filter { !$0.hasPrefix("# HELP") && !isZeroOfClosedSet($0) }
        #expect(shown == Self.expected)
        let zeros = lines.filter(isZeroOfClosedSet)
        #expect(zeros.count == 2 * Cause.Reason.allCases.count - 1 + 3 * (RelayResult.allCases.count - 1))
    }

    @Test func everyFamilyHasHelpAndTypeOnce() {
        let lines = Metrics.render(Samples.snapshot).split(separator: "\n")
        let names = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        #expect(Set(names).count == names.count)
        #expect(names == lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] })
    }

    @Test func labelsAreEscaped() {
        var text = MetricsText()
        text.sample("m", ["l": "a\"b\\c\nd"], 1)
        #expect(text.text == #"m{l="a\"b\\c\nd"} 1"# + "\n")
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (0.0025, "0.0025"), (1_767_362_652.25, "1767362652.25"), (.infinity, "+Inf"),
        (-.infinity, "-Inf"), (.nan, "NaN"), (-3, "-3"),
    ])
    func numbersAreWrittenShortAndWhole(_ value: Double, _ text: String) {
        #expect(MetricsText.render(value) == text)
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool of Debian's package prometheus is not installed"))
    func promtoolFindsNothingToSay() async throws {
        let promtool = try #require(Promtool.path)
        let result = try await ProcessRun.run(
            promtool, ["check", "metrics"], input: Metrics.render(Samples.snapshot))
        #expect(result.output + result.errors == "")
        #expect(result.exit == .exited(0))
    }

    private func isZeroOfClosedSet(_ line: String) -> Bool {
        line.hasSuffix(" 0") && (line.contains("reason=") || line.contains("result="))
    }
}

enum Promtool {
    static let path = try? ChildProcess.find("promtool")
}

extension MetricsTests {
    static let expected = """
        # TYPE fwd_build_info gauge
        fwd_build_info{version="0.1.0",libssh2="1.11.1"} 1
        # TYPE process_start_time_seconds gauge
        process_start_time_seconds 100
        # TYPE fwd_config_last_reload_success gauge
        fwd_config_last_reload_success 1
        # TYPE fwd_gateway_up gauge
        fwd_gateway_up{gateway="amsterdam"} 1
        fwd_gateway_up{gateway="berlin"} 0
        # TYPE fwd_gateway_down gauge
        fwd_gateway_down{gateway="berlin",state="backingOff",reason="lost"} 1
        # TYPE fwd_gateway_connects_total counter
        fwd_gateway_connects_total{gateway="amsterdam"} 3
        fwd_gateway_connects_total{gateway="berlin"} 0
        # TYPE fwd_gateway_reconnects_total counter
        fwd_gateway_reconnects_total{gateway="amsterdam",reason="lost"} 2
        # TYPE fwd_gateway_next_retry_timestamp_seconds gauge
        fwd_gateway_next_retry_timestamp_seconds{gateway="berlin"} 210.5
        # TYPE fwd_gateway_rtt_seconds gauge
        fwd_gateway_rtt_seconds{gateway="amsterdam"} 0.0125
        # TYPE fwd_gateway_channel_open_duration_seconds histogram
        \(histogram("amsterdam", [0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3], "20.502"))
        \(histogram("berlin", Array(repeating: 0, count: 14), "0"))
        # TYPE fwd_forward_up gauge
        fwd_forward_up{gateway="amsterdam",forward="db",kind="local"} 1
        fwd_forward_up{gateway="berlin",forward="home",kind="remote"} 0
        # TYPE fwd_forward_connections gauge
        fwd_forward_connections{gateway="amsterdam",forward="db"} 2
        fwd_forward_connections{gateway="amsterdam",forward="old"} 2
        fwd_forward_connections{gateway="berlin",forward="home"} 2
        # TYPE fwd_forward_down gauge
        fwd_forward_down{gateway="berlin",forward="home",state="waiting",reason=""} 1
        # TYPE fwd_forward_probe_success gauge
        # TYPE fwd_forward_probe_duration_seconds gauge
        # TYPE fwd_forward_connections_total counter
        fwd_forward_connections_total{gateway="amsterdam",forward="db",result="completed"} 5
        fwd_forward_connections_total{gateway="amsterdam",forward="old",result="completed"} 5
        fwd_forward_connections_total{gateway="berlin",forward="home",result="completed"} 5
        # TYPE fwd_forward_bytes_total counter
        fwd_forward_bytes_total{gateway="amsterdam",forward="db",direction="toTarget"} 1000
        fwd_forward_bytes_total{gateway="amsterdam",forward="db",direction="fromTarget"} 2000
        fwd_forward_bytes_total{gateway="amsterdam",forward="old",direction="toTarget"} 1000
        fwd_forward_bytes_total{gateway="amsterdam",forward="old",direction="fromTarget"} 2000
        fwd_forward_bytes_total{gateway="berlin",forward="home",direction="toTarget"} 1000
        fwd_forward_bytes_total{gateway="berlin",forward="home",direction="fromTarget"} 2000
        # TYPE fwd_forward_packets_total counter
        # TYPE fwd_forward_packets_dropped_total counter
        """.split(separator: "\n").map(String.init)

    /// - Parameter counts: cumulative, the last for everything.
    private static func histogram(_ gateway: String, _ counts: [Int], _ sum: String) -> String {
        let name = "fwd_gateway_channel_open_duration_seconds"
        let bounds = ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10"]
        let buckets = zip(bounds + ["+Inf"], counts).map { bound, count in
            "\(name)_bucket{gateway=\"\(gateway)\",le=\"\(bound)\"} \(count)"
        }
        let totals = [
            "\(name)_sum{gateway=\"\(gateway)\"} \(sum)", "\(name)_count{gateway=\"\(gateway)\"} \(counts[13])",
        ]
        return (buckets + totals).joined(separator: "\n")
    }
}
