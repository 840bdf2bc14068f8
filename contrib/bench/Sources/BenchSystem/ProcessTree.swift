import Foundation

/// A process and all that descend from it, by /proc.
public struct ProcessTree: Sendable {
    public let pids: [pid_t]

    public init(of root: pid_t) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let entries = names.compactMap { pid_t($0) }.compactMap(ProcessStatus.read)
        var found = entries.filter { $0.pid == root }.map(\.pid)
        var generation = Set(found)
        while !generation.isEmpty {
            generation = Set(entries.filter { generation.contains($0.parent) }.map(\.pid))
            found += generation
        }
        pids = found
    }

    /// Of those that run, with what each had from children that it has waited for.
    public var cpuSeconds: Double {
        pids.compactMap(ProcessStatus.read).map(\.cpuSeconds).reduce(0, +)
    }

    /// Proportional set size: shared pages count by the share of each process that has them.
    public var proportionalBytes: Int { pids.map { smapsRollup($0, "Pss:") }.reduce(0, +) }
    public var residentBytes: Int { pids.map { smapsRollup($0, "Rss:") }.reduce(0, +) }

    private func smapsRollup(_ pid: pid_t, _ key: String) -> Int {
        let lines = (readTextFile("/proc/\(pid)/smaps_rollup") ?? "").split(separator: "\n")
        let fields = lines.first { $0.hasPrefix(key) }?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 1024 : 0
    }
}

/// A line of /proc/PID/stat, proc(5).
struct ProcessStatus {
    let pid: pid_t
    let parent: pid_t
    let cpuSeconds: Double

    static func read(_ pid: pid_t) -> ProcessStatus? {
        // "pid (command) state ppid ...", where the command may contain anything.
        guard let line = readTextFile("/proc/\(pid)/stat"), let close = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: close)...].split(separator: " ")
        guard fields.count > 14, let parent = pid_t(fields[1]) else { return nil }
        let ticks = fields[11...14].compactMap { Double($0) }.reduce(0, +)
        return ProcessStatus(pid: pid, parent: parent, cpuSeconds: ticks / Double(sysconf(CInt(_SC_CLK_TCK))))
    }
}
