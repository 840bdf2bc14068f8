import Foundation

/// The descriptors that the service manager has started this process with: sd_listen_fds(3), read from the environment.
/// Pure; the environment comes in.
struct InheritedDescriptors: Sendable {
    /// From the specification: SD_LISTEN_FDS_START.
    static let first: CInt = 3
    /// What speaks of them. Children must not see it: it is not theirs.
    static let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    /// Our choice: more than any service has; a number that is wrong must not lead to closing at random.
    private static let limit = 4096

    /// In the order of their numbers; several may have one name.
    let named: [(descriptor: CInt, name: String)]

    /// - Parameters:
    ///   - environment: of this process.
    ///   - pid: its number. Variables for another process, from which this one has them, say nothing here.
    init(environment: [String: String], pid: CInt) {
        guard environment["LISTEN_PID"].flatMap({ CInt($0) }) == pid,
            let count = environment["LISTEN_FDS"].flatMap({ Int($0) }), (1...Self.limit).contains(count)
        else {
            named = []
            return
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        named = (0..<count).map { index in
            (Self.first + CInt(index), index < names.count ? String(names[index]) : "unknown")
        }
    }

    init(_ named: [(descriptor: CInt, name: String)]) {
        self.named = named
    }
}
