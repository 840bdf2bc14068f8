import FwdConfig
import FwdCore
import FwdOpenSSH

/// Finds one gateway of a directory, with what ssh_config says about it.
struct GatewayLookUp {
    private let directory: ForwardsDirectory

    init(_ directory: ForwardsDirectory) {
        self.directory = directory
    }

    /// - Parameter needsFile: whether a host of ProxyJump, which is a gateway without a file, is good enough.
    /// - Returns: the gateway, and all that a route may go through.
    func find(
        _ name: String, needsFile: Bool
    ) async throws(ConfigError) -> (GatewayConfiguration, [String: GatewayConfiguration]) {
        let contents = try await directory.resolved(using: SSHClientProgram())
        if let found = contents.gateways[name] {
            if needsFile { try checkHasFile(found) }
            return (found, contents.gateways)
        }
        // Where no key can be trusted as things are, the file is refused, but a good one: pinning a key mends it.
        let file = try directory.file(ofGateway: name)
        for diagnostic in contents.diagnostics where diagnostic.file == directory.path(ofGateway: name) {
            Console.talk("\(diagnostic)")
        }
        return (file.configuration, contents.gateways)
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
