import Foundation
import FwdTestSupport
import Testing

/// One line of the fault matrix: what is done to a running `fwd`, and what must hold meanwhile and afterwards.
struct FaultRow: Sendable, CustomTestStringConvertible {
    let name: String
    /// What must hold.
    let holds: String
    /// Why this machine cannot run it; `nil` where it can.
    let obstacle: @Sendable () -> String?
    let body: @Sendable (FaultFindings) async throws -> Void

    init(
        _ name: String, holds: String, unless obstacle: @autoclosure @escaping @Sendable () -> String? = nil,
        _ body: @escaping @Sendable (FaultFindings) async throws -> Void
    ) {
        self.name = name
        self.holds = holds
        self.obstacle = obstacle
        self.body = body
    }

    var testDescription: String { name }

    /// All of them, or those whose name contains a word of `$FWD_FAULTS_ROWS` (separated by commas).
    static var chosen: [FaultRow] {
        guard let words = ProcessInfo.processInfo.environment["FWD_FAULTS_ROWS"]?.split(separator: ",") else {
            return all
        }
        return all.filter { row in words.contains { row.name.contains($0) } }
    }

    static let all = serverRows + pathRows + targetRows + clientRows + processRows + reconnectRows
}

/// What the seeds of all exchanges and random choices begin with: `$FWD_FAULTS_SEED`, which the soak changes each time.
enum FaultSeed {
    static let base = ProcessInfo.processInfo.environment["FWD_FAULTS_SEED"].flatMap { UInt64($0) } ?? 1
}

/// What needs root says so instead of failing.
var needsRoot: String? { geteuid() == 0 ? nil : "needs root" }
