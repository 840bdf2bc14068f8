import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// A real Prometheus reads a real `fwd run` with the shipped rules; `PrometheusFixture` says what it hurries.
@Suite("Alerts", .serialized, .timeLimit(.minutes(5)))
struct AlertTests {
    @Test(
        "a dead server, a stranger's host key, a dead target and a bad file raise their alert, which goes again",
        .prometheus)
    func areRaisedAndCleared() async throws {
        try await withSite { sshd, supervisor, prometheus, target in
            try await prometheus.waitUntilNothingFires()
            try await serverDies(sshd, supervisor, prometheus)
            try await serverHasAnotherKey(sshd, supervisor, prometheus)
            let revived = try await targetDies(target, prometheus)
            try await fileIsRefused(supervisor, prometheus)
            await revived.stop()
            await supervisor.process.end()
            #expect(try await prometheus.waitUntilFires("FwdNotScraped").labels["instance"] == "here")
        }
    }

    private func serverDies(
        _ sshd: SSHDFixture, _ supervisor: SupervisorFixture, _ prometheus: PrometheusFixture
    ) async throws {
        try await waitUntilDashboardShows(prometheus) { !Self.panelsOfAnOutage.contains($0) }
        await sshd.kill()
        let alert = try await prometheus.waitUntilFires("FwdGatewayDown")
        #expect(alert.labels["gateway"] == "gw")
        #expect(alert.labels["severity"] == "page")
        #expect(alert.annotations["description"]?.contains("fwd status gw") == true, "\(alert)")
        // A forward that waits for its gateway is not told of a second time.
        let names = try await prometheus.firing().compactMap { $0.labels["alertname"] }
        #expect(names.contains("FwdGatewayDown") && !names.contains { $0.hasPrefix("FwdForward") }, "\(names)")
        try await waitUntilDashboardShows(prometheus) { Self.panelsOfAnOutage.contains($0) }
        try await sshd.restart()
        try await prometheus.waitUntilNothingFires()
    }

    private func serverHasAnotherKey(
        _ sshd: SSHDFixture, _ supervisor: SupervisorFixture, _ prometheus: PrometheusFixture
    ) async throws {
        try await sshd.restart(hostKey: .ed25519)
        let alert = try await prometheus.waitUntilFires("FwdGatewayParked")
        #expect(alert.labels["reason"] == "hostKey")
        #expect(alert.labels["severity"] == "page")
        try await sshd.restart()
        #expect(try await supervisor.fwd("retry", "gw").exit == .exited(0))
        try await prometheus.waitUntilNothingFires()
    }

    /// - Returns: the target that is there again.
    private func targetDies(_ target: TargetServer, _ prometheus: PrometheusFixture) async throws -> TargetServer {
        await target.stop()
        #expect(try await prometheus.waitUntilFires("FwdProbeFails").labels["forward"] == "db")
        let revived = try await TargetServer.start(.greeting("hi"), port: target.port)
        try await prometheus.waitUntilNothingFires()
        return revived
    }

    private func fileIsRefused(_ supervisor: SupervisorFixture, _ prometheus: PrometheusFixture) async throws {
        let path = try supervisor.directory.write("gateway: {hots: x}\n", to: "forwards.d/bad.yaml")
        #expect(try await supervisor.fwd("reload").exit == .exited(78))
        let alert = try await prometheus.waitUntilFires("FwdConfigurationRefused")
        #expect(alert.annotations["description"]?.contains("fwd check") == true, "\(alert)")
        try FileManager.default.removeItem(atPath: path)
        #expect(try await supervisor.fwd("reload").exit == .exited(0))
        try await prometheus.waitUntilNothingFires()
    }

    private static let panelsOfAnOutage = ["Sessions that ended and attempts that failed, by reason", "Next try"]

    /// Every expression of these panels has something to draw. One that Prometheus cannot read is an error.
    private func waitUntilDashboardShows(
        _ prometheus: PrometheusFixture, where isWanted: (String) -> Bool
    ) async throws {
        for (panel, expression) in try Dashboard.shipped().expressions(interval: "5s") where isWanted(panel) {
            try await eventually("\(panel) shows something: \(expression)") {
                try await prometheus.count(expression) > 0
            }
        }
    }

    private func withSite(
        _ body: (SSHDFixture, SupervisorFixture, PrometheusFixture, TargetServer) async throws -> Void
    ) async throws {
        try await SSHDFixture.with { sshd in
            let target = try await TargetServer.start(.greeting("hi"), port: FreePorts.next())
            let spec = try ForwardSpec(parsing: "-L \(FreePorts.next()):127.0.0.1:\(target.port)")
            let probe = Probe(every: .seconds(1), timeout: .seconds(1))
            let forward = ForwardConfiguration(name: "db", spec: spec, probe: probe)
            let gateway = sshd.gatewayConfiguration(name: "gw", forwards: [forward])
            try await SupervisorFixture.with([gateway]) { supervisor in
                try await supervisor.waitUntil("gw/db", is: .up)
                try await PrometheusFixture.with(scraping: supervisor.healthPort) { prometheus in
                    try await eventually("Prometheus has read fwd") {
                        try await prometheus.count("fwd_gateway_up") > 0
                    }
                    try await body(sshd, supervisor, prometheus, target)
                }
            }
        }
    }
}
