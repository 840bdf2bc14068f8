import Foundation

/// Who reads the lines.
public enum LogPlace: Sendable {
    /// A file or a pipe: with date and time.
    case stream
    /// A person: with the time of day, coloured by level.
    case terminal(isColoured: Bool)
    /// journald, which has its own time and takes a line's priority from its beginning (sd-daemon(3)).
    case journal

    /// Where standard error of this process leads.
    public static func standardError(environment: [String: String]) -> LogPlace {
        if isJournal(environment["JOURNAL_STREAM"]) { return .journal }
        guard isatty(STDERR_FILENO) == 1 else { return .stream }
        return .terminal(isColoured: environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb")
    }

    /// `DEVICE:INODE` of the socket that systemd connected (systemd.exec(5), $JOURNAL_STREAM): a stream that was
    /// redirected since is another.
    private static func isJournal(_ stream: String?) -> Bool {
        guard let inode = stream?.split(separator: ":").last else { return false }
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(STDERR_FILENO)")
        return own == "socket:[\(inode)]"
    }
}
