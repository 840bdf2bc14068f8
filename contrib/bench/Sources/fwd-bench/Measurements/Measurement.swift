import BenchContenders

/// Some figures that are measured together.
protocol Measurement: Sendable {
    /// The word for `--only`.
    var name: String { get }
    /// A word for `--only` that names several measurements.
    var group: String { get }
    /// The ids of its figures.
    var figures: [String] { get }

    /// Records its figures for each contender, or the reasons why there are none.
    func measure(_ bench: Bench) throws
}

extension Measurement {
    var group: String { name }
}

enum MeasurementCatalog {
    static func all(_ lengths: SampleLengths) -> [any Measurement] {
        [
            BulkMeasurement(relays: 1, duration: lengths.bulk), BulkMeasurement(relays: 4, duration: lengths.bulk),
            BulkMeasurement(relays: 32, duration: lengths.bulk),
            IdleLatencyMeasurement(duration: lengths.roundTrips),
            BusyLatencyMeasurement(duration: lengths.roundTrips),
            ConnectionRateMeasurement(duration: lengths.connections),
            BurstMeasurement(), IdleRelaysMeasurement(duration: lengths.bulk),
            GatewayMemoryMeasurement(gateways: 1, runs: 3), GatewayMemoryMeasurement(gateways: 50, runs: 1),
            RelayMemoryMeasurement(runs: 1),
            LineMeasurement(delay: 0, duration: .seconds(1), settling: .milliseconds(200), runs: nil),
            LineMeasurement(delay: 10, duration: .seconds(2), settling: .milliseconds(500), runs: nil),
            LineMeasurement(delay: 50, duration: .seconds(3), settling: .seconds(1), runs: nil),
            LineMeasurement(delay: 100, duration: .seconds(5), settling: .seconds(2), runs: nil),
            RecoveryMeasurement(outage: 2, runs: 5), RecoveryMeasurement(outage: 15, runs: 3), StartUpMeasurement(),
        ]
    }

    static var names: String {
        all(SampleLengths(quick: true)).map(\.name).joined(separator: ",")
    }
}
