import Foundation
import FwdConfig

/// Makes `forwards.d` when the first gateway is added.
enum DirectoryCreation {
    static func make(_ path: String) throws(ConfigError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
            throw ConfigError(
                .unwritable, "cannot create \(path): \(error.localizedDescription)",
                errorNumber: code.flatMap { Int32(exactly: $0) })
        }
    }
}
