import Foundation

/// How many descriptors this process may have: every relay takes one, and the usual soft limit of 1024 is meant for
/// select(2), which nothing here uses.
enum DescriptorLimit {
    /// Our choice, where the hard limit is higher: more relays than one machine carries.
    private static let enough: rlim_t = 1 << 18

    /// Our choice: what sessions, listeners, agents, the control socket and monitoring need beside the connections. Of a
    /// small limit it is half.
    private static let reserve = 256

    /// How many connections this process may carry: one descriptor each.
    static var connections: Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 512 }
        let all = Int(clamping: limit.rlim_cur)
        return all - min(reserve, all / 2)
    }

    /// Raises the soft limit towards the hard one.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, enough)
        if limit.rlim_cur >= wanted { return }
        limit.rlim_cur = wanted
        setrlimit(resource, &limit)
    }

    #if canImport(Musl)
        private static let resource = RLIMIT_NOFILE
    #else
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
}
