import Foundation
import FwdControl
import FwdCore
import FwdTestSupport
import Testing

/// What one `fwd doctor --json` said.
struct DoctorAnswer {
    let report: DoctorReport
    let result: ProcessResult
    /// From the start of the process to its end.
    let took: Duration

    init(_ result: ProcessResult, took duration: Duration) throws {
        report = try ControlJSON.decode(DoctorReport.self, from: Data(result.output.utf8))
        self.result = result
        took = duration
    }

    /// Under 10 s by its own clock, and the process started and ended in a time that a busy machine needs.
    var isInTime: Bool { report.durationSeconds < 10 && took < .seconds(20) }

    var outcomes: [String] { report.steps.map { "\($0.forward ?? $0.gateway) \($0.step) \($0.outcome)" } }

    func step(_ name: DoctorStep.Name, _ forward: String? = nil, of gateway: String = "site") throws -> DoctorStep {
        try #require(
            report.steps.first { $0.step == name && $0.forward == forward && $0.gateway == gateway },
            "\(name) is not among \(outcomes)")
    }

    /// That this step failed, and no other; those behind it were not taken.
    func expectFailure(
        _ name: DoctorStep.Name, _ forward: String? = nil, of gateway: String = "site",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> DoctorStep {
        let failed = report.steps.filter { $0.outcome == .failed }
        #expect(failed.map(\.step) == [name], "\(report.steps)", sourceLocation: sourceLocation)
        #expect(!report.isHealthy, sourceLocation: sourceLocation)
        #expect(result.exit == .exited(1), "\(result.errors)", sourceLocation: sourceLocation)
        #expect(isInTime, sourceLocation: sourceLocation)
        return try step(name, forward, of: gateway)
    }
}

extension DoctorStep {
    /// All lines that mend it.
    var lines: [String] { remedies.flatMap(\.lines) }
}

extension CommandFixture {
    func doctor(_ target: String = "site", under wrapper: [String] = []) async throws -> DoctorAnswer {
        let start = ContinuousClock.now
        let result = try await fwd(["doctor", target, "--json"], under: wrapper)
        return try DoctorAnswer(result, took: ContinuousClock.now - start)
    }

    func expectHealthy(_ target: String = "site", sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let answer = try await doctor(target)
        #expect(answer.report.isHealthy, "\(answer.report.steps)", sourceLocation: sourceLocation)
        #expect(answer.result.exit == .exited(0), sourceLocation: sourceLocation)
    }

    /// Connections that the server has taken since it began, whatever became of them.
    var connectionCount: Int {
        server.log.split(whereSeparator: \.isNewline).count { $0.hasPrefix("Connection from ") }
    }
}
