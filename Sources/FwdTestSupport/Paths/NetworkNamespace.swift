import Foundation

/// A network namespace with one link to this one, for packets that a firewall can really drop. Needs root.
///
/// The addresses are of 198.18.0.0/15, which is set aside for tests of networks (RFC 2544).
public struct NetworkNamespace: Sendable {
    public let name: String
    /// The address of this side of the link.
    public let outside: String
    /// The address in the namespace.
    public let inside: String

    /// The link in the namespace.
    public var insideLink: String { "fwd\(getpid())b" }

    /// Why there can be none here; `nil` where there can.
    public static var obstacle: String? {
        guard geteuid() == 0 else { return "needs root" }
        for command in ["ip", "nft"] where (try? ChildProcess.find(command)) == nil { return "needs \(command)" }
        return nil
    }

    /// What a command is executed under to run in it.
    public var wrapper: [String] { ["ip", "netns", "exec", name] }

    /// Runs `body` with a namespace of its own, which is removed with its link at the end.
    public static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (NetworkNamespace) async throws -> Result
    ) async throws -> Result {
        let number = Int(getpid()) % 16_000
        let network = "198.18.\(number / 64).\(number % 64 * 4)"
        let prefix = network.split(separator: ".").dropLast().joined(separator: ".")
        let space = NetworkNamespace(
            name: "fwd-\(getpid())", outside: "\(prefix).\(number % 64 * 4 + 1)",
            inside: "\(prefix).\(number % 64 * 4 + 2)")
        return try await withCleanUp {
            try await space.make()
            return try await body(space)
        } cleanUp: {
            // The link goes with the namespace.
            _ = try? await ProcessRun.run("ip", ["netns", "delete", space.name])
        }
    }

    private func make() async throws {
        let (here, there) = ("fwd\(getpid())a", insideLink)
        let commands = [
            "netns add \(name)", "link add \(here) type veth peer name \(there) netns \(name)",
            "address add \(outside)/30 dev \(here)", "link set \(here) up",
            "-n \(name) address add \(inside)/30 dev \(there)", "-n \(name) link set \(there) up",
            "-n \(name) link set lo up",
        ]
        for command in commands {
            _ = try await ProcessRun.output(of: "ip", command.split(separator: " ").map(String.init))
        }
    }

    /// Runs an `ip` command in the namespace.
    public func configure(_ command: String) async throws {
        _ = try await ProcessRun.output(of: "ip", ["-n", name] + command.split(separator: " ").map(String.init))
    }

    /// From now on no packet of this TCP port goes in or out, and nobody is told.
    public func drop(port: UInt16) async throws {
        let rules = """
            table inet dropping {
                chain in { type filter hook input priority 0; tcp dport \(port) drop; }
                chain out { type filter hook output priority 0; tcp sport \(port) drop; }
            }
            """
        try await apply(rules)
    }

    /// Takes the rules back.
    public func mend() async throws {
        try await apply("delete table inet dropping")
    }

    private func apply(_ rules: String) async throws {
        let command = wrapper + ["nft", "-f", "-"]
        let result = try await ProcessRun.run(command[0], Array(command.dropFirst()), input: rules + "\n")
        guard result.exit.isSuccess else { throw TestSupportError("nft refuses \(rules): \(result.errors)") }
    }
}
