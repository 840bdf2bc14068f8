import Foundation
import Synchronization

/// How many hosts this process has made.
private let made = Atomic<Int>(0)

/// A host of the test: a network namespace that has nothing but its loopback at first. Needs root.
public struct NetworkHost: Sendable {
    public let name: String
    let number: Int

    /// Why there can be none here, or not with these commands beside `ip`; `nil` where there can.
    public static func obstacle(using commands: [String] = []) -> String? {
        guard geteuid() == 0 else { return "needs root" }
        for command in ["ip"] + commands where (try? ChildProcess.find(command)) == nil { return "needs \(command)" }
        return isPermitted ? nil : "is not permitted here"
    }

    /// Root of a container may lack CAP_NET_ADMIN (bit 12) or CAP_SYS_ADMIN (bit 21).
    private static var isPermitted: Bool {
        let lines = readWholeFile("/proc/self/status")?.split(separator: "\n") ?? []
        let mask = lines.first { $0.hasPrefix("CapEff:") }?.split(separator: "\t").last
        return mask.flatMap { UInt64($0, radix: 16) }.map { $0 >> 12 & $0 >> 21 & 1 == 1 } ?? false
    }

    /// Runs `body` with a host, which is removed at the end with all its links.
    /// - Parameter role: becomes part of its name, for who looks on with `ip netns`.
    public static func with<Result>(
        _ role: String = "", isolation: isolated (any Actor)? = #isolation,
        _ body: (NetworkHost) async throws -> Result
    ) async throws -> Result {
        let host = NetworkHost(role: role)
        return try await withCleanUp {
            try await host.make()
            return try await body(host)
        } cleanUp: {
            _ = try? await ProcessRun.run("ip", ["netns", "delete", host.name])
        }
    }

    /// The same with one for each role, removed the last first.
    static func with<Result>(
        _ roles: ArraySlice<String>, _ hosts: [NetworkHost] = [], isolation: isolated (any Actor)? = #isolation,
        _ body: ([NetworkHost]) async throws -> Result
    ) async throws -> Result {
        guard let role = roles.first else { return try await body(hosts) }
        return try await with(role) { try await with(roles.dropFirst(), hosts + [$0], body) }
    }

    private init(role: String) {
        number = made.wrappingAdd(1, ordering: .relaxed).newValue
        name = "fwd-\(getpid())-\(number)" + (role.isEmpty ? "" : "-\(role)")
    }

    private func make() async throws {
        _ = try await ProcessRun.output(of: "ip", ["netns", "add", name])
        try await configure("link set lo up")
    }

    /// What a command is executed under to run on it.
    public var wrapper: [String] { ["ip", "netns", "exec", name] }

    /// Runs an `ip` command on it.
    public func configure(_ command: String) async throws {
        _ = try await ProcessRun.output(of: "ip", ["-n", name] + command.split(separator: " ").map(String.init))
    }

    /// Runs a command on it to its end, or to the deadline.
    public func run(
        _ command: String, _ arguments: [String], input: String = "", within deadline: Duration = .seconds(30)
    ) async throws -> ProcessResult {
        let line = wrapper + [command] + arguments
        return try await ProcessRun.run(line[0], Array(line.dropFirst()), input: input, within: deadline)
    }

    /// Runs a command on it while `body` runs.
    public func running<Result>(
        _ command: String, _ arguments: [String], isolation: isolated (any Actor)? = #isolation,
        _ body: (ChildProcess) async throws -> Result
    ) async throws -> Result {
        let line = wrapper + [command] + arguments
        return try await ProcessRun.running(line[0], Array(line.dropFirst()), body)
    }

    /// Sets variables of the kernel: `net.ipv4.ip_forward=1`.
    func set(_ variables: String...) async throws {
        let result = try await run("sysctl", ["-q", "-w"] + variables)
        guard result.exit.isSuccess else { throw TestSupportError("\(name): \(result.errors)") }
    }
}
