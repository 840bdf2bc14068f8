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
        try await TemporaryDirectory.with { directory in
            try write(into: directory, target: target)
            let fixture = PrometheusFixture(port: FreePorts.next())
            let arguments = [
                "--config.file=\(directory.file("prometheus.yml"))", "--storage.tsdb.path=\(directory.file("data"))",
                "--web.listen-address=127.0.0.1:\(fixture.port)", "--log.level=warn",
            ]
            return try await ProcessRun.running("prometheus", arguments) { process in
                try await eventually(within: .seconds(20), "Prometheus is ready") {
                    guard process.exit == nil else { throw TestSupportError(process.standardError) }
                    return await fixture.isReady
                }
                return try await body(fixture)
            }
        }
    }

    private static func write(into directory: TemporaryDirectory, target: UInt16) throws {
        let configuration = try MonitoringFiles.text(MonitoringFiles.configuration)
            .replacing(/(scrape|evaluation)_interval: .*/) { "\($0.output.1)_interval: 500ms" }
        let rules = try MonitoringFiles.text(MonitoringFiles.rules).replacing(/\bfor: [0-9]+m\b/, with: "for: 1s")
        try directory.write(configuration, to: "prometheus.yml")
        try directory.write(rules, to: "fwd.rules.yml")
        let targets = "- {targets: [\"127.0.0.1:\(target)\"], labels: {instance: here, site: here}}\n"
        try directory.write(targets, to: "fwd.targets.yml")
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
