import FwdControl
import FwdCore

/// What follows a change of files where a supervisor runs.
extension SupervisorContact {
    /// Lets the supervisor take up changes of these gateways' files.
    /// - Throws: `ExitStatus.configuration` if it refuses one of them.
    func takeUp(changesOf gateways: Set<String>) async throws {
        let reply = try await reload()
        if reply.gateways.contains(where: { gateways.contains($0.gateway) && $0.action == .refused }) {
            throw ExitStatus.configuration
        }
    }

    /// Says of each forward how it stands, once it is up or has a cause for not being up.
    /// - Parameter timeout: in seconds, for each.
    /// - Throws: `ExitStatus.failure` if one is not up.
    func waitUntilUp(_ forwards: [ForwardID], timeout: Double) async throws {
        var isUp = true
        for id in forwards { isUp = try await settle(id, timeout) && isUp }
        if !isUp { throw ExitStatus.failure }
    }

    private func settle(_ id: ForwardID, _ timeout: Double) async throws -> Bool {
        let reply = try await client.settled(forward: id, timeout: .seconds(timeout))
        guard let forward = reply.forward else {
            throw ControlError(.badAnswer, "the supervisor did not tell of \(id)")
        }
        Console.data(Outcome.line(id, forward, reply.gateway, Console.style))
        if !reply.isSettled {
            let what = forward.state == .up ? "its probe has not ended" : "\(id) is not up"
            Console.talk("\(what) after \(Int(timeout)) s; fwd list shows how it goes on")
        }
        return forward.state == .up
    }
}
