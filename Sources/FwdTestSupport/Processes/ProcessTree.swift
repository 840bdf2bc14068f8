import Foundation

/// A line of /proc: enough to find the children of a process that a fixture has started.
struct ProcessEntry: Equatable {
    let pid: pid_t
    let parent: pid_t
    /// One letter as in proc(5): R, S, T (stopped), Z (zombie), ...
    let state: Character
    /// In clock ticks since boot. A pid and its start make a process.
    let startTime: UInt64

    var isStopped: Bool { state == "T" || state == "t" }
    /// Whether this process, and not another with its pid, still runs.
    var isAlive: Bool {
        guard let now = Self.read(pid) else { return false }
        return now.state != "Z" && now.startTime == startTime
    }

    /// Everything that runs now. Zombies are left out.
    static func all() -> [ProcessEntry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.compactMap(read).filter { $0.state != "Z" }
    }

    static func read(_ pid: pid_t) -> ProcessEntry? {
        // "pid (command) state ppid ...", where the command may contain anything, even ")".
        guard let line = readWholeFile("/proc/\(pid)/stat"), let close = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let parent = pid_t(fields[1]),
            let startTime = UInt64(fields[19])
        else { return nil }
        return ProcessEntry(pid: pid, parent: parent, state: state, startTime: startTime)
    }

    static func children(of pid: pid_t) -> [pid_t] {
        all().filter { $0.parent == pid }.map(\.pid)
    }

    /// The process itself, its children, their children, and so on; parents first.
    static func tree(of root: pid_t) -> [ProcessEntry] {
        let entries = all()
        var found = entries.filter { $0.pid == root }
        var generation = found
        while !generation.isEmpty {
            let parents = Set(generation.map(\.pid))
            generation = entries.filter { parents.contains($0.parent) }
            found += generation
        }
        return found
    }

    /// Stops the whole tree. Only then is it complete: what still runs may be forking.
    static func freezeTree(of root: pid_t) async throws -> [ProcessEntry] {
        try await eventually("all processes of the tree of \(root) have stopped") {
            let tree = tree(of: root)
            if tree.allSatisfy(\.isStopped) { return tree }
            for entry in tree where !entry.isStopped { entry.send(SIGSTOP) }
            return nil
        }
    }

    func send(_ signal: CInt) {
        if isAlive { _ = kill(pid, signal) }
    }
}
