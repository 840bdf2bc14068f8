import Foundation
import Synchronization

/// What must be gone when the bench ends, however it ends short of SIGKILL: child processes, directories, namespaces.
public final class Leftovers: Sendable {
    public static let shared = Leftovers()

    private struct State {
        var groups: Set<pid_t> = []
        var directories: [String] = []
        var namespaces: Set<String> = []
    }

    private let state = Mutex(State())

    func add(group: pid_t) { state.withLock { _ = $0.groups.insert(group) } }
    func remove(group: pid_t) { state.withLock { _ = $0.groups.remove(group) } }
    func add(directory: String) { state.withLock { $0.directories.append(directory) } }
    public func add(namespace: String) { state.withLock { _ = $0.namespaces.insert(namespace) } }
    public func remove(namespace: String) { state.withLock { _ = $0.namespaces.remove(namespace) } }

    /// Ends the process groups at once, and removes the rest.
    public func clear() {
        let state = state.withLock { state in
            defer { state = State() }
            return state
        }
        for group in state.groups { kill(-group, SIGKILL) }
        for namespace in state.namespaces {
            _ = try? ChildProcess.start(["ip", "netns", "delete", namespace]).waitForEnd(within: .seconds(5))
        }
        for directory in state.directories { try? FileManager.default.removeItem(atPath: directory) }
    }
}
