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
            try await reconnect(100, scene)
            let before = scene.fixture.process.counters
            let (memory, descriptors) = (before.residentBytes, before.openDescriptors)
            var samples: [(Double, Double)] = [(0, Double(memory))]
            let start = ContinuousClock.now
            for round in 1...10 {
                try await reconnect(100, scene)
                samples.append((Double(round * 100), Double(scene.fixture.process.counters.residentBytes)))
            }
            let later = scene.fixture.process.counters.openDescriptors
            #expect(abs(later - descriptors) <= 4)
            let slope = slope(of: samples)
            #expect(slope < 8192, "\(slope) bytes a reconnect")
            findings.note(
                "\(Int(slope)) bytes a reconnect, \(memory >> 20) MiB before and "
                    + "\(Int(samples.last!.1) >> 20) MiB after; descriptors \(descriptors) and \(later); "
                    + "\(seconds(since: start)) s for all")
            try await scene.proveBoth()
        }
    }

    private static func reconnect(_ count: Int, _ scene: FaultScene) async throws {
        let goal = try await scene.status.connects + count
        while true {
            let connects = try await scene.status.connects
            if connects >= goal { return }
            try await eventually("there is a session to cut") { try await scene.path.reset() > 0 }
            try await eventually(within: .seconds(30), "it has come back") {
                if try await scene.status.connects > connects { return true }
                scene.fixture.process.send(SIGHUP)
                return false
            }
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
