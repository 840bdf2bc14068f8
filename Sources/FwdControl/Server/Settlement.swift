import FwdCore

/// Waiting for a gateway or a forward to reach a state that tells something, by events, never by polling.
struct Settlement {
    let gateway: String
    let forward: String?

    /// - Throws: `notFound` if it does not exist (any more), `shuttingDown` when the supervisor ends.
    func wait(for timeout: Duration, in backend: any ControlBackend) async throws -> SettledReply {
        // Listening starts before the first look, so that no change falls between.
        let changes = backend.changes()
        let settled = try await withThrowingTaskGroup(of: SettledReply?.self) { group in
            group.addTask { try await firstSettled(changes, in: backend) }
            group.addTask {
                // The deadline, not a wait: it is cancelled when the change has come.
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        if let settled { return settled }
        return try look(at: await backend.snapshot())
    }

    private func firstSettled(_ changes: AsyncStream<Void>, in backend: any ControlBackend) async throws -> SettledReply
    {
        let reply = try look(at: await backend.snapshot())
        if reply.isSettled { return reply }
        for await _ in changes {
            let reply = try look(at: await backend.snapshot())
            if reply.isSettled { return reply }
        }
        try Task.checkCancellation()
        throw ControlError(.shuttingDown, "the supervisor is shutting down")
    }

    /// How it stands in this snapshot.
    func look(at snapshot: StatusSnapshot) throws(ControlError) -> SettledReply {
        guard let status = snapshot.gateways.first(where: { $0.name == gateway }) else {
            throw ControlError(.notFound, "no gateway \"\(gateway)\" runs")
        }
        guard let forward else { return SettledReply(isSettled: status.isSettled, gateway: status) }
        guard let found = status.forwards.first(where: { $0.name == forward }) else {
            throw ControlError(.notFound, "gateway \"\(gateway)\" has no forward \"\(forward)\"")
        }
        return SettledReply(isSettled: found.isSettled(in: status), gateway: status, forward: found)
    }
}

extension GatewayStatus {
    /// It will not come up without waiting for something (backing off, parked), or it is up with all its forwards told.
    var isSettled: Bool {
        switch state {
        case .backingOff, .parked: cause != nil
        case .up: forwards.allSatisfy { $0.state != .waiting }
        case .stopped, .resolving, .connecting, .verifyingHost, .authenticating, .draining: false
        }
    }
}

extension ForwardStatus {
    func isSettled(in gateway: GatewayStatus) -> Bool {
        switch state {
        case .up: awaitsProbe != true
        case .degraded, .parked, .disabled: true
        case .waiting: gateway.state != .up && gateway.isSettled
        }
    }
}
