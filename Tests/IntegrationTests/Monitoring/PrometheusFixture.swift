import Foundation
import FwdTestSupport

/// Debian's Prometheus with the shipped configuration and rules, hurried.
///
/// Only times differ from what is shipped: it reads and evaluates each half second, and a rule's `for` is one second.
/// The targets are the test's.
struct PrometheusFixture {
    static let isInstalled = (try? ChildProcess.find("prometheus")) != nil && Promtool.isInstalled
    static let whatIsMissing = "needs prometheus and promtool (Debian's package prometheus)"

    let port: UInt16

    /// Runs `body` beside a Prometheus that reads this port of 127.0.0.1 and calls it "here".
    static func with<Result>(
        scraping target: UInt16, isolation: isolated (any Actor)? = #isolation,
        _ body: (PrometheusFixture) async throws -> Result
    ) async throws -> Result {
        let rules = try MonitoringFiles.text(MonitoringFiles.rules)
        let files = [
            "prometheus.yml": hurried(try MonitoringFiles.text(MonitoringFiles.configuration)),
            "fwd.rules.yml": rules.replacing(/\bfor: [0-9]+m\b/, with: "for: 1s"),
            "fwd.targets.yml": "- {targets: [\"127.0.0.1:\(target)\"], labels: {instance: here, site: here}}\n",
        ]
        return try await running(files, body)
    }

    /// Runs `body` beside a Prometheus with the shipped configuration for federation, above this one.
    func federated<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PrometheusFixture) async throws -> Result
    ) async throws -> Result {
        let text = Self.hurried(try MonitoringFiles.text(MonitoringFiles.federation))
            .replacing(/- targets: .*/, with: "- targets: [\"127.0.0.1:\(port)\"]", maxReplacements: 1)
            .replacing(/\n +- targets: \["127.0.0.1:19602.*/, with: "")
        return try await Self.running(["prometheus.yml": text], body)
    }

    private static func hurried(_ configuration: String) -> String {
        configuration.replacing(/(scrape|evaluation)_interval: .*/) { "\($0.output.1)_interval: 500ms" }
    }

    private static func running<Result>(
        _ files: [String: String], isolation: isolated (any Actor)? = #isolation,
        _ body: (PrometheusFixture) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            for (name, text) in files { try directory.write(text, to: name) }
            let fixture = PrometheusFixture(port: FreePorts.next())
            let arguments = [
                "--config.file=\(directory.file("prometheus.yml"))", "--storage.tsdb.path=\(directory.file("data"))",
                "--web.listen-address=127.0.0.1:\(fixture.port)", "--log.level=warn",
            ]
            return try await ProcessRun.running("prometheus", arguments) { process in
                try await eventually("Prometheus is ready") {
                    guard process.exit == nil else { throw TestSupportError(process.standardError) }
                    return await fixture.isReady
                }
                return try await body(fixture)
            }
        }
    }
}

/// Debian's promtool.
enum Promtool {
    static let isInstalled = (try? ChildProcess.find("promtool")) != nil
    static let whatIsMissing = "needs promtool (Debian's package prometheus)"

    static func run(_ arguments: [String], input: String = "") async throws -> ProcessResult {
        try await ProcessRun.run("promtool", arguments, input: input)
    }
}
