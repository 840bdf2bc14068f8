import Foundation
import FwdCore

/// An SSH server on loopback that exchanges keys correctly, and misbehaves behind that; it keeps book of what the
/// client does.
///
/// It is a child process (see `HandshakingProgram`), ended when `with` ends.
public final class HandshakingServer: Sendable {
    public let host = "127.0.0.1"
    public let port: UInt16
    public let hostKey: SSHKey
    /// The key of the second exchange in the scenario `otherKeyAfterRekey`.
    public let otherHostKey: SSHKey?
    private let program: ChildProcess

    /// The server's process.
    public var pid: pid_t { program.pid }

    private init(port: UInt16, hostKey: SSHKey, otherHostKey: SSHKey?, program: ChildProcess) {
        self.port = port
        self.hostKey = hostKey
        self.otherHostKey = otherHostKey
        self.program = program
    }

    /// Whether the parts that it needs are installed. Looks once per process.
    public static var isAvailable: Bool {
        get async { await found.value }
    }

    /// The reason to print when a test is skipped because `isAvailable` is false.
    public static let whatIsMissing =
        "\(HandshakingProgram.interpreter) has no paramiko; contrib/setup installs it (package python3-paramiko)"

    private static let found = Task {
        let result = try? await ProcessRun.run(HandshakingProgram.interpreter, ["-c", "import paramiko"])
        return result?.exit.isSuccess == true
    }

    /// Runs `body` with a server.
    public static func with<Result>(
        _ scenario: HandshakingScenario, hostKey: SSHKey, isolation: isolated (any Actor)? = #isolation,
        _ body: (HandshakingServer) async throws -> Result
    ) async throws -> Result {
        var otherKey: SSHKey?
        if case .otherKeyAfterRekey = scenario {
            otherKey = try await SSHKey.shared(hostKey.type, name: "rekeyed-host")
        }
        let program = try start(HandshakingPlan(scenario, hostKey: hostKey, otherKey: otherKey))
        return try await withCleanUp {
            let port = try await Self.port(of: program)
            return try await body(
                HandshakingServer(port: port, hostKey: hostKey, otherHostKey: otherKey, program: program))
        } cleanUp: {
            await program.end()
        }
    }

    private static func start(_ plan: HandshakingPlan) throws -> ChildProcess {
        let argument = String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
        return try ChildProcess.start(HandshakingProgram.interpreter, ["-", argument], input: HandshakingProgram.text)
    }

    private static func port(of program: ChildProcess) async throws -> UInt16 {
        try await eventually(within: .seconds(30), "the server has printed its port") {
            if let exit = program.exit {
                throw TestSupportError("the server has ended with \(exit): \(program.standardError)")
            }
            return wholeLines(program.standardOutput).first.flatMap { UInt16($0) }
        }
    }

    /// The last line may be in the making.
    private static func wholeLines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }
}

/// What the client has done, up to now.
extension HandshakingServer {
    /// Everything on all connections, in the order in which it happened.
    public var events: [HandshakingEvent] {
        let decoder = JSONDecoder()
        return Self.wholeLines(program.standardOutput).dropFirst().map { line in
            do {
                return try decoder.decode(HandshakingEvent.self, from: Data(line.utf8))
            } catch {
                preconditionFailure("the server's own program has written \"\(line)\": \(error)")
            }
        }
    }

    public var happenings: [HandshakingEvent.Happening] { events.map(\.happening) }

    public var authenticationRequests: [HandshakingEvent.AuthenticationRequest] {
        happenings.compactMap { if case .authenticationRequest(let request) = $0 { request } else { nil } }
    }

    /// How connections ended, in the order in which they did.
    public var ends: [HandshakingEvent.End] {
        happenings.compactMap { if case .ended(let end) = $0 { end } else { nil } }
    }

    /// How many connections there have been.
    public var connectionCount: Int { happenings.count { $0 == .opened } }

    public var hasMisbehaved: Bool { happenings.contains(.misbehaved) }

    /// A gateway of fwd that trusts this server's first host key.
    public func gatewayConfiguration(
        name: String = "gateway", user: String = "root", keys: [String] = [], forwards: [ForwardConfiguration] = []
    ) -> GatewayConfiguration {
        GatewayConfiguration(
            name: name, host: host, port: port, user: user, keys: keys, pins: [hostKey.pin], forwards: forwards)
    }
}
