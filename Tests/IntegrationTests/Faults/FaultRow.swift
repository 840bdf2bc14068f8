import Foundation
import Testing

/// One line of the fault matrix: what is done to a running `fwd`, and what must hold meanwhile and afterwards.
struct FaultRow: Sendable {
    let name: String
    /// What must hold.
    let holds: String
    /// Why this machine cannot run it; `nil` where it can.
    let obstacle: @Sendable () -> String?
    /// Whether it waits more than it works, so that others may wait beside it.
    let isPatient: Bool
    let body: @Sendable (FaultFindings) async throws -> Void

    init(
        _ name: String, holds: String, unless obstacle: @autoclosure @escaping @Sendable () -> String? = nil,
        isPatient: Bool = false, _ body: @escaping @Sendable (FaultFindings) async throws -> Void
    ) {
        self.name = name
        self.holds = holds
        self.isPatient = isPatient
        self.obstacle = obstacle
        self.body = body
    }

    /// All of them, or those whose name contains a word of `$FWD_FAULTS_ROWS` (separated by commas).
    static var chosen: [FaultRow] {
        guard let words = ProcessInfo.processInfo.environment["FWD_FAULTS_ROWS"]?.split(separator: ",") else {
            return all
        }
        return all.filter { row in words.contains { row.name.contains($0) } }
    }

    static let all = serverRows + pathRows + targetRows + clientRows + processRows + reconnectRows

    /// Runs it, and puts the result into the table.
    func run() async {
        let findings = FaultFindings()
        let start = ContinuousClock.now
        await FaultFindings.$current.withValue(findings) {
            if let obstacle = obstacle() {
                print("skipped: \(name): \(obstacle)")
                return findings.outcome("skipped: \(obstacle)")
            }
            do {
                try await body(findings)
            } catch {
                Issue.record(error, "\(name)")
            }
        }
        findings.took(ContinuousClock.now - start)
        FaultTable.shared.add(self, findings)
    }
}

/// Rows that run beside each other: one that works, or all that mostly wait.
struct FaultBatch: Sendable, CustomTestStringConvertible {
    let rows: [FaultRow]

    var testDescription: String { rows.map(\.name).joined(separator: ", ") }

    static var chosen: [FaultBatch] {
        let patient = FaultRow.chosen.filter(\.isPatient)
        let others = FaultRow.chosen.filter { !$0.isPatient }.map { FaultBatch(rows: [$0]) }
        return patient.isEmpty ? others : others + [FaultBatch(rows: patient)]
    }
}

/// What the seeds of all exchanges and random choices begin with: `$FWD_FAULTS_SEED`, which the soak changes each time.
enum FaultSeed {
    static let base = ProcessInfo.processInfo.environment["FWD_FAULTS_SEED"].flatMap { UInt64($0) } ?? 1
}

/// How often a row repeats what it is about: a tenth of it, or all where `$FWD_FAULTS_WHOLE` is set, as in the soak.
enum FaultScale {
    static let isWhole = ProcessInfo.processInfo.environment["FWD_FAULTS_WHOLE"] != nil

    static func count(_ whole: Int) -> Int { isWhole ? whole : whole / 10 }
}

/// What needs root says so instead of failing.
var needsRoot: String? { geteuid() == 0 ? nil : "needs root" }
