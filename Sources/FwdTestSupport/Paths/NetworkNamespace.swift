import Foundation

/// A network namespace with one link to this one, for packets that a firewall can really drop. Needs root.
///
/// The addresses are of 198.18.0.0/15, which is set aside for tests of networks (RFC 2544).
public struct NetworkNamespace: Sendable {
    public let host: NetworkHost
    /// The link on this side.
    public let outsideLink: String
    /// The link in the namespace.
    public let insideLink: String
    /// The address of this side of the link.
    public let outside: String
    /// The address in the namespace.
    public let inside: String

    /// Why there can be none here; `nil` where there can.
    public static var obstacle: String? { NetworkHost.obstacle(using: ["nft"]) }

    public var name: String { host.name }
    /// What a command is executed under to run in it.
    public var wrapper: [String] { host.wrapper }

    /// Runs `body` with a namespace of its own, which is removed with its link at the end.
    public static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (NetworkNamespace) async throws -> Result
    ) async throws -> Result {
        try await NetworkHost.with { host in
            let space = NetworkNamespace(host)
            return try await withCleanUp {
                try await space.link()
                return try await body(space)
            } cleanUp: {
                // Before the namespace: the kernel takes the links of a deleted one away later.
                _ = try? await ProcessRun.run("ip", ["link", "delete", space.outsideLink])
            }
        }
    }

    /// Names and addresses that neither another namespace of this process nor, most likely, another process has.
    private init(_ host: NetworkHost) {
        self.host = host
        let number = host.number
        outsideLink = "fwd\(getpid()).\(number)a"
        insideLink = "fwd\(getpid()).\(number)b"
        let block = (Int(getpid()) * 16 + number) % 32_768
        let prefix = "198.\(18 + block / 16_384).\(block / 64 % 256)"
        outside = "\(prefix).\(block % 64 * 4 + 1)"
        inside = "\(prefix).\(block % 64 * 4 + 2)"
    }

    private func link() async throws {
        let commands = [
            "link add \(outsideLink) type veth peer name \(insideLink) netns \(name)",
            "address add \(outside)/30 dev \(outsideLink)", "link set \(outsideLink) up",
            "-n \(name) address add \(inside)/30 dev \(insideLink)", "-n \(name) link set \(insideLink) up",
        ]
        for command in commands {
            _ = try await ProcessRun.output(of: "ip", command.split(separator: " ").map(String.init))
        }
    }

    /// Runs an `ip` command in the namespace.
    public func configure(_ command: String) async throws { try await host.configure(command) }

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
        let result = try await host.run("nft", ["-f", "-"], input: rules + "\n")
        guard result.exit.isSuccess else { throw TestSupportError("nft refuses \(rules): \(result.errors)") }
    }
}
