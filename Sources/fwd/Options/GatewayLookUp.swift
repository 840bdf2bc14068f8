import FwdConfig
import FwdCore
import FwdOpenSSH

/// Finds one gateway of a directory, with what ssh_config says about it.
struct GatewayLookUp {
    private let directory: ForwardsDirectory

    init(_ directory: ForwardsDirectory) {
        self.directory = directory
    }

    /// A gateway, and what its directory says around it.
    struct Found: Sendable {
        let gateway: GatewayConfiguration
        /// All that a route may go through.
        let gateways: [String: GatewayConfiguration]
        /// Why the file is refused all the same: no key can be trusted as things are. Pinning one mends it.
        var refusals: [ConfigDiagnostic] = []
    }

    /// - Parameter needsFile: whether a host of ProxyJump, which is a gateway without a file, is good enough.
    /// - Returns: the gateway, and all that a route may go through.
    func find(
        _ name: String, needsFile: Bool
    ) async throws(ConfigError) -> (GatewayConfiguration, [String: GatewayConfiguration]) {
        let found = try await find(name)
        for diagnostic in found.refusals { Console.talk("\(diagnostic)") }
        if needsFile { try checkHasFile(found.gateway) }
        return (found.gateway, found.gateways)
    }

    func find(_ name: String) async throws(ConfigError) -> Found {
        let contents = try await directory.resolved(using: SSHClientProgram())
        if let found = contents.gateways[name] { return Found(gateway: found, gateways: contents.gateways) }
        let file = try directory.file(ofGateway: name)
        let path = directory.path(ofGateway: name)
        return Found(
            gateway: file.configuration, gateways: contents.gateways,
            refusals: contents.diagnostics.filter { $0.file == path })
    }

    private func checkHasFile(_ gateway: GatewayConfiguration) throws(ConfigError) {
        do throws(ConfigError) {
            _ = try directory.file(ofGateway: gateway.name)
        } catch {
            guard error.code == .noSuchGateway else { throw error }
            throw ConfigError(
                .noSuchGateway,
                "\"\(gateway.name)\" stands for \(gateway.host) in a ProxyJump of ssh_config and has no file; make"
                    + " \(directory.path(ofGateway: gateway.name)) with \"gateway:\" and \"host: \(gateway.host)\"")
        }
    }
}
