import Foundation
import FwdConfig
import FwdOpenSSH

/// Which file, and which of its Hosts.
struct ImportSource: Equatable {
    /// As it was given.
    let path: String
    let aliases: [String]

    /// The first word is the file if it looks like a path or is there.
    init(_ words: [String], fileExists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }) {
        if let first = words.first, first.contains("/") || fileExists(first) {
            path = first
            aliases = Array(words.dropFirst())
        } else {
            path = Self.standard
            aliases = words
        }
    }

    static let standard = "~/.ssh/config"

    /// What `ssh -F` needs: nothing for its own file.
    var file: SSHConfigFile {
        absolute == Self.expanded(Self.standard) ? .standard : .file(absolute)
    }

    /// ssh itself takes the user database's home, whatever `$HOME` says.
    var absolute: String { Self.expanded(path) }

    private static func expanded(_ path: String) -> String {
        let home = ConfigEnvironment.current.accountHomeDirectory
        return CommonOptions.absolute(path.hasPrefix("~/") ? home + path.dropFirst() : path)
    }

    func check() throws(ConfigError) {
        guard FileManager.default.isReadableFile(atPath: absolute) else {
            let number = FileManager.default.fileExists(atPath: absolute) ? EACCES : ENOENT
            throw ConfigError(.unreadable, "\(path) cannot be read; name an ssh_config", errorNumber: number)
        }
    }
}
