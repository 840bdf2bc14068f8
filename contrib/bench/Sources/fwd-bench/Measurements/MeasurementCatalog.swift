enum MeasurementCatalog {
    /// In the order in which they are made.
    static func all(_ lengths: SampleLengths) -> [any Measurement] {
        [1, 4, 32].map { BulkMeasurement(relays: $0, lengths: lengths) } + [
            IdleLatencyMeasurement(lengths: lengths), BusyLatencyMeasurement(lengths: lengths),
            ConnectionRateMeasurement(duration: lengths.connections), BurstMeasurement(),
            IdleRelaysMeasurement(lengths: lengths), GatewayMemoryMeasurement(gateways: 1, runs: 3),
            GatewayMemoryMeasurement(gateways: 50, runs: 1), RelayMemoryMeasurement(runs: 1),
            LineMeasurement(delay: 0, lengths: lengths), LineMeasurement(delay: 10, lengths: lengths),
            LineMeasurement(delay: 50, lengths: lengths), LineMeasurement(delay: 100, lengths: lengths),
            RecoveryMeasurement(outage: 2, runs: 5), RecoveryMeasurement(outage: 15, runs: 3), StartUpMeasurement(),
        ]
    }

    static var names: String {
        all(SampleLengths(isQuick: true)).map(\.name).joined(separator: ",")
    }
}
