import Foundation

/// Connections between hosts of the offices, made by a small program that runs on each of them.
///
/// Every byte that it sends is part of a line of 64 that begins with `marker`, so that a packet that is not encrypted
/// shows, and every 64 KiB have a number, so that what is lost or in another order shows in the hash.
public enum OfficeTraffic {
    public static let marker = "FWD-INNER-PAYLOAD"
    /// Where the servers listen.
    public static let port: UInt16 = 7000

    /// How to get from a client to a server.
    public enum Way: Sendable {
        case direct(String)
        /// Through a proxy that speaks SOCKS 5.
        case socks(String, port: UInt16, to: String)
    }

    /// The hashes of one exchange, in hexadecimal.
    public struct Exchanged: Equatable, Sendable, Decodable {
        public let bytes: UInt64
        /// What the client sent, and what the server says it has received.
        public let sent: String
        public let receivedThere: String
        /// What the server should have sent, and what the client received.
        public let expected: String
        public let receivedHere: String

        public var isWhole: Bool { sent == receivedThere && expected == receivedHere }
    }

    /// Runs `body` while a server listens on all addresses of a host.
    public static func serving<Result>(
        on host: NetworkHost, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result {
        try await host.running("python3", ["-c", OfficeTrafficProgram.text, "serve", "\(port)"]) { process in
            try await eventually("the server on \(host.name) listens") {
                guard process.exit == nil else { throw TestSupportError("python3: \(process.standardError)") }
                return process.standardOutput.contains("listening")
            }
            return try await body()
        }
    }

    /// Sends this many bytes from a host to a server and as many back, both at once.
    public static func exchange(
        _ bytes: UInt64, from host: NetworkHost, _ way: Way, port: UInt16 = port,
        within deadline: Duration = .seconds(60)
    ) async throws -> Exchanged {
        let arguments =
            switch way {
            case .direct(let address): [address, "\(port)"]
            case .socks(let proxy, let proxyPort, let target): [target, "\(port)", proxy, "\(proxyPort)"]
            }
        let result = try await host.run(
            "python3", ["-c", OfficeTrafficProgram.text, "exchange", "\(bytes)"] + arguments, within: deadline)
        guard result.exit.isSuccess else {
            throw TestSupportError(result.errors.split(separator: "\n").last.map(String.init) ?? "python3 failed")
        }
        return try JSONDecoder().decode(Exchanged.self, from: Data(result.output.utf8))
    }
}
