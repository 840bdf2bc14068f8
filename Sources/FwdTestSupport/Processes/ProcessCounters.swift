import Foundation

/// What a process holds, read from /proc: for tests that nothing is left behind.
public struct ProcessCounters: Sendable {
    public let pid: pid_t

    /// This process.
    public static let own = ProcessCounters(pid: getpid())

    public init(pid: pid_t) {
        self.pid = pid
    }

    public var openDescriptors: Int {
        entries("fd").count
    }

    public var threads: Int {
        entries("task").count
    }

    /// What the open descriptors are ("socket:[1234]", "/tmp/x"), sorted, to see which one was left.
    public var descriptorTargets: [String] {
        entries("fd").compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)") }
            .sorted()
    }

    /// Resident memory in bytes; 0 when the process is gone.
    public var residentBytes: Int {
        let fields = (readWholeFile("/proc/\(pid)/statm") ?? "").split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(CInt(_SC_PAGESIZE))) : 0
    }

    private func entries(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/\(directory)")) ?? []
    }
}
