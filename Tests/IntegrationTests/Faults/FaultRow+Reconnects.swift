import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// What only shows after many times.
extension FaultRow {
    static let reconnectRows = [thousandReconnects]

    private static let thousandReconnects = FaultRow(
        "1,000 reconnects in a row", holds: "memory and descriptors stay flat"
    ) { findings in
        var options = FaultScene.Options()
        options.logLevel = "info"
        options.workers = 0
        try await FaultScene.with(findings, options) { scene in
            // The first ones bring everything to its size.
            let step = FaultScale.count(100)
            try await reconnect(step, scene)
            let before = scene.fixture.process.counters
            let (memory, descriptors) = (before.residentBytes, before.openDescriptors)
            var samples: [(Double, Double)] = [(0, Double(memory))]
            let start = ContinuousClock.now
            for round in 1...10 {
                try await reconnect(step, scene)
                samples.append((Double(round * step), Double(scene.fixture.process.counters.residentBytes)))
            }
            let later = scene.fixture.process.counters.openDescriptors
            #expect(abs(later - descriptors) <= 4)
            let slope = slope(of: samples)
            // In a hundred, what the allocator rounds up weighs more than what could leak.
            #expect(slope < (FaultScale.isWhole ? 8192 : 65_536), "\(slope) bytes a reconnect")
            findings.note(
                "\(10 * step) of them: \(Int(slope)) bytes a reconnect, \(memory >> 20) MiB before and "
                    + "\(Int(samples.last!.1) >> 20) MiB after; descriptors \(descriptors) and \(later); "
                    + "\(seconds(since: start)) s for all")
            try await scene.proveBoth()
        }
    }

    private static func reconnect(_ count: Int, _ scene: FaultScene) async throws {
        for _ in 0..<count {
            let connects = try await scene.status.connects
            try await eventually("there is a session to cut") { try await scene.path.reset() > 0 }
            try await scene.waitUntilReconnected(after: connects)
        }
    }

    /// Least squares.
    private static func slope(of samples: [(x: Double, y: Double)]) -> Double {
        let count = Double(samples.count)
        let (meanX, meanY) = (samples.map(\.x).reduce(0, +) / count, samples.map(\.y).reduce(0, +) / count)
        let above = samples.map { ($0.x - meanX) * ($0.y - meanY) }.reduce(0, +)
        return above / samples.map { ($0.x - meanX) * ($0.x - meanX) }.reduce(0, +)
    }
}
