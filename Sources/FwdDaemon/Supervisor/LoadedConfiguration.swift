import FwdCore

/// What one reading of `forwards.d` gave.
public struct LoadedConfiguration: Hashable, Sendable {
    /// What the good files say, by gateway name.
    public var gateways: [String: GatewayConfiguration]
    /// Gateways whose file is bad.
    public var refused: Set<String>
    /// One rendered line each, `file:line:column: message`.
    public var errors: [String]
    public var warnings: [String]

    public init(
        gateways: [String: GatewayConfiguration] = [:], refused: Set<String> = [], errors: [String] = [],
        warnings: [String] = []
    ) {
        self.gateways = gateways
        self.refused = refused
        self.errors = errors
        self.warnings = warnings
    }

    var isSuccessful: Bool { errors.isEmpty && refused.isEmpty }

    func status(at time: Timestamp) -> ConfigurationStatus {
        ConfigurationStatus(
            loadedAt: time, isSuccessful: isSuccessful, errors: errors, refusedGateways: refused.sorted())
    }
}

/// Reads `forwards.d`, and what ssh_config says about its hosts.
///
/// It throws only when the directory as a whole cannot be read; bad files are part of the result.
public typealias ConfigurationLoader = @Sendable () async throws(DaemonError) -> LoadedConfiguration
