/// Why ssh's settings for a host could not be learned.
public enum SSHClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no ssh to ask.
    case notInstalled
    /// ssh, or the check before it, does not accept the host, the user or the file. The first lines of what it said.
    case refused(String)
    /// ssh did not answer in time; a `Match exec` may wait for something.
    case timedOut
    /// ssh answered something that cannot be used: "IdentityFile ~/%q has an unknown token %q".
    case unusable(String)
    /// ssh could not be run.
    case failed(String)

    /// Whether it may be otherwise at once: the machine was busy, or short of something for a moment.
    var isPassing: Bool {
        switch self {
        case .timedOut, .failed: true
        case .notInstalled, .refused, .unusable: false
        }
    }

    /// A sentence without its full stop.
    public var description: String {
        switch self {
        case .notInstalled: "there is no ssh program; install openssh-client, or say `ssh-config: none`"
        case .refused(let message): "ssh -G refuses: \(message)"
        case .timedOut: "ssh -G took too long; a `Match exec` of its configuration may wait for something"
        case .unusable(let message): message
        case .failed(let message): "ssh -G could not be run: \(message)"
        }
    }
}
