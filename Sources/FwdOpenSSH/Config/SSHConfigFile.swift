/// Which configuration ssh reads.
public enum SSHConfigFile: Hashable, Sendable {
    /// Its own: `~/.ssh/config`, then `/etc/ssh/ssh_config`.
    case standard
    /// Only this one (`ssh -F FILE`).
    case file(String)
    /// None at all: its defaults (`ssh -F none`).
    case none

    var arguments: [String] {
        switch self {
        case .standard: []
        // Only the bare word has the other meaning.
        case .file("none"): ["-F", "./none"]
        case .file(let path): ["-F", path]
        case .none: ["-F", "none"]
        }
    }
}
