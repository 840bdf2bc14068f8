import Foundation
import FwdCore
import FwdTestSupport
import Testing

@Suite("The files for Prometheus and Grafana", .serialized)
struct MonitoringFilesTests {
    @Test("promtool takes rules and configurations, and each rule does what its test says", .promtool)
    func arePassedByPromtool() async throws {
        for arguments in [
            ["check", "rules", MonitoringFiles.rules], ["test", "rules", MonitoringFiles.ruleTests],
            ["check", "config", MonitoringFiles.configuration], ["check", "config", MonitoringFiles.federation],
        ] {
            let result = try await Promtool.run(arguments)
            #expect(result.exit == .exited(0), "\(arguments): \(result)")
        }
    }

    @Test("each rule has a severity, says which command is next, and has a test")
    func rulesAreComplete() throws {
        let text = try MonitoringFiles.text(MonitoringFiles.rules)
        let rules = text.components(separatedBy: "- alert: ").dropFirst()
        #expect(rules.count >= 10)
        let tests = try MonitoringFiles.text(MonitoringFiles.ruleTests)
        for rule in rules {
            let name = String(rule.prefix { $0 != "\n" })
            #expect(rule.contains(/severity: (page|ticket|info)\n/), "\(name)")
            #expect(rule.contains("summary: "), "\(name)")
            #expect(rule.contains(/(Run: fwd|Run:\n? *fwd|Look: )/), "\(name)")
            #expect(tests.contains("alertname: \(name)\n"), "\(name)")
        }
    }

    @Test("rules and dashboard name only metrics of a real supervisor, and promtool has nothing to say of those")
    func nameRealMetrics() async throws {
        try await SSHDFixture.with { sshd in
            let forward = try ForwardConfiguration("db", "-L \(FreePorts.next()):127.0.0.1:\(sshd.port)")
            let down = GatewayConfiguration(name: "down", host: "127.0.0.1", port: FreePorts.next(), user: "u")
            let gateway = sshd.gatewayConfiguration(name: "gw", forwards: [forward])
            try await SupervisorFixture.with([gateway, down]) { fixture in
                try await fixture.waitUntil("gw/db", is: .up)
                let metrics = try await fixture.health("/metrics").body
                let known = families(of: metrics)
                for path in [MonitoringFiles.rules, MonitoringFiles.dashboard] {
                    let named = MonitoringFiles.metrics(in: try MonitoringFiles.text(path))
                    #expect(!named.isEmpty)
                    #expect(named.subtracting(known) == [], "\(path)")
                }
                guard Promtool.isInstalled else { return print("skipped in part: \(Promtool.whatIsMissing)") }
                let result = try await Promtool.run(["check", "metrics"], input: metrics)
                #expect(result.exit == .exited(0))
                #expect(result.output + result.errors == "")
            }
        }
    }

    /// The names that can stand in an expression.
    private func families(of metrics: String) -> Set<String> {
        let types = metrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ") }
        return Set(
            types.flatMap { words in
                let name = String(words[2])
                return words[3] == "histogram" ? ["\(name)_bucket", "\(name)_sum", "\(name)_count"] : [name]
            })
    }

    @Test("the dashboard is one that Grafana can draw")
    func dashboardIsWhole() throws {
        let dashboard = try Dashboard.shipped()
        #expect(dashboard.panels.count > 10)
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        #expect(dashboard.templating.list.map(\.name) == ["datasource", "instance", "gateway", "forward"])
        let targets = dashboard.panels.flatMap { $0.targets ?? [] }
        #expect(targets.allSatisfy { $0.datasource.uid == "${datasource}" })
        for (index, panel) in dashboard.panels.enumerated() {
            #expect(panel.gridPos.x + panel.gridPos.w <= 24, "\(panel.title)")
            for other in dashboard.panels[..<index] where overlap(panel.gridPos, other.gridPos) {
                Issue.record("\(panel.title) covers \(other.title)")
            }
        }
    }

    private func overlap(_ one: Dashboard.Place, _ other: Dashboard.Place) -> Bool {
        one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h
    }
}

extension Trait where Self == ConditionTrait {
    static var promtool: Self { .enabled(if: Promtool.isInstalled, "\(Promtool.whatIsMissing)") }
    static var prometheus: Self { .enabled(if: PrometheusFixture.isInstalled, "\(PrometheusFixture.whatIsMissing)") }
}
