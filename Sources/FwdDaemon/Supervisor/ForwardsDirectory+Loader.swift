import Foundation
import FwdConfig
import FwdOpenSSH

extension ForwardsDirectory {
    /// Reads this directory for the supervisor, completed by what `ssh -G` says.
    public var loader: ConfigurationLoader {
        { () async throws(DaemonError) in
            do throws(ConfigError) {
                return LoadedConfiguration(try await resolved(using: SSHClientProgram()))
            } catch {
                throw DaemonError(error)
            }
        }
    }
}

extension LoadedConfiguration {
    init(_ contents: ForwardsDirectory.Contents) {
        self.init(
            gateways: contents.gateways, refused: contents.refused,
            errors: contents.diagnostics.errors.map(\.rendered), warnings: contents.diagnostics.warnings.map(\.rendered)
        )
    }
}

extension ConfigDiagnostic {
    /// `file:line:column: message`; where it goes says how bad it is.
    public var rendered: String { "\(file):\(line):\(column): \(message)" }
}

extension DaemonError {
    init(_ error: ConfigError) {
        let isPermission = error.errorNumber == EACCES || error.errorNumber == EPERM
        self.init(isPermission ? .permission : .configuration, error.description)
    }
}
