import Foundation

/// What programs in the namespace know of names.
extension NetworkNamespace {
    /// A command that takes the port of DNS on the namespace's own loopback, says nothing, and becomes the program whose
    /// words follow.
    public static let silentResolver = holdingUDP(port: 53)

    /// The same for any UDP port of 127.0.0.1: it is held for as long as the program runs.
    public static func holdingUDP(port: UInt16) -> [String] {
        let program = """
            import os, socket, sys
            place = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            place.bind(("127.0.0.1", \(port)))
            place.set_inheritable(True)
            os.execvp(sys.argv[1], sys.argv[1:])
            """
        return ["python3", "-c", program]
    }

    /// Runs `body` while programs under `wrapper` have this text as /etc/`name` (ip-netns(8)).
    public func with<Result>(
        file name: String, _ text: String, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let directory = "/etc/netns/\(self.name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
        return try await body()
    }
}
