import Foundation
import FwdConfig
import FwdControl
import FwdCore

/// The supervisor that runs, if one does, and the directory that a verb works on.
struct SupervisorContact {
    let client: ControlClient
    /// The directory of the supervisor; `nil` if none runs.
    let supervised: String?
    /// The directory to work on: named, else the supervisor's, else the standard one.
    let directory: ForwardsDirectory

    static func with<Value>(
        _ common: CommonOptions, _ body: (SupervisorContact) async throws -> Value
    ) async throws -> Value {
        try await ControlClient.with(path: try common.controlPath()) { client in
            let supervised = try await supervisedDirectory(client)
            let path = common.namedDirectory ?? supervised ?? common.standardDirectory
            return try await body(
                SupervisorContact(client: client, supervised: supervised, directory: ForwardsDirectory(path: path)))
        }
    }

    private static func supervisedDirectory(_ client: ControlClient) async throws(ControlError) -> String? {
        do {
            let snapshot = try await client.status()
            ServiceCredentials.adopt(of: snapshot)
            return snapshot.directory
        } catch  where error.code == .noSupervisor {
            return nil
        }
    }

    /// Whether the supervisor that runs uses the directory.
    var isSupervised: Bool {
        guard let supervised else { return false }
        return Self.canonical(supervised) == Self.canonical(directory.path)
    }

    /// What to say after a change that no supervisor takes up now.
    var laterHint: String {
        guard let supervised else { return "no supervisor runs; it starts with the next fwd run" }
        return "the supervisor that runs uses \(supervised); this starts with fwd run --dir \(directory.path)"
    }

    /// What to say after a change that concerns no running supervisor.
    static let otherDirectory = "the supervisor that runs uses another directory"

    /// Lets the supervisor take up a change, and says what it does not like.
    func reload() async throws(ControlError) -> ReloadReply {
        let reply = try await client.reload()
        for line in reply.errors { Console.talk(line) }
        return reply
    }

    private static func canonical(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
